"""Write a model folder: all of it, checked, in its place with one rename, or nothing."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

from app.artifacts.manifest import MANIFEST, FileEntry, Manifest
from app.artifacts.store import Artifact, check_place, hash_file, list_files, open_unplaced
from app.errors import ArtifactError


def write_artifact(
    folder: Path,
    manifest: Manifest,
    fill: Callable[[Path], None],
    check: Callable[[Artifact], None],
    *,
    replace: bool = False,
) -> Artifact:
    """Write the model of `manifest` to `folder`, which ends in `<name>/<version>`.

    The files are written to a hidden folder beside it, hashed, opened as serving opens them and
    checked; then the folder is renamed. A reader sees no model or the whole one. Whatever fails,
    nothing of the new model is left, and a model that stood there still stands.

    Args:
        folder: where the model will stand.
        manifest: without `files`, which are filled in here.
        fill: writes `encoder/`, `decoder/` and every other file but the manifest into the folder it
            is given.
        check: raises if the artifact it is given (still in the hidden folder) does not work.
        replace: put the new model in the place of one that is there (which is away for an instant).

    Raises:
        ArtifactError: `folder` does not end as the manifest says, is there already, or what `fill`
            wrote is not a whole model.
    """
    check_place(folder, manifest)
    if folder.exists() and not replace:
        raise ArtifactError(
            f"{folder} is there already; export as version {manifest.version + 1}, "
            "or ask for it to be replaced"
        )
    new_parent = not folder.parent.exists()
    folder.parent.mkdir(parents=True, exist_ok=True)
    token = uuid4().hex[:12]
    partial = folder.with_name(f".{folder.name}.partial-{token}")
    try:
        partial.mkdir()
        fill(partial)
        checked = _seal(partial, manifest)
        check(checked)
        _move(partial, folder, folder.with_name(f".{folder.name}.old-{token}"))
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        if new_parent:
            with suppress(OSError):  # someone else has put a model there meanwhile
                folder.parent.rmdir()
        raise
    return Artifact(folder, checked.manifest)


def _seal(partial: Path, manifest: Manifest) -> Artifact:
    """Write the manifest with every file's size and hash, and open the result."""
    sizes = list_files(partial)
    if MANIFEST in sizes:
        raise ArtifactError(f"`fill` wrote {MANIFEST}, which the writer writes; leave it out")
    files = tuple(
        FileEntry(path=path, size=size, sha256=hash_file(partial / path))
        for path, size in sorted(sizes.items())
    )
    whole = manifest.model_copy(update={"files": files})
    (partial / MANIFEST).write_text(whole.model_dump_json(indent=2) + "\n", encoding="utf-8")
    return open_unplaced(partial)


def _move(partial: Path, folder: Path, old: Path) -> None:
    """Rename `partial` to `folder`; a model that is there comes back if that fails."""
    if not folder.exists():
        partial.rename(folder)
        return
    folder.rename(old)
    try:
        partial.rename(folder)
    except BaseException:
        old.rename(folder)
        raise
    shutil.rmtree(old)
