"""Open model folders, and refuse what cannot be trusted: `models/<name>/<version>/`.

Nothing of a folder is used before all of it is known to be what the export wrote: every file is
listed in `manifest.json` with its size and SHA-256, and nothing else is there. No TensorFlow.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_core import from_json

from app.artifacts.manifest import FORMAT_VERSION, MANIFEST, FileEntry, Manifest
from app.errors import ArtifactError

ENCODER, DECODER = "encoder", "decoder"
SAVED_MODEL = "saved_model.pb"
_VERSION = re.compile(r"[1-9][0-9]*")
_FORMAT = re.compile(r"(\d+)\.(\d+)")
_RESTORE = "copy the folder again from its source, or export the model again"


@dataclass(frozen=True)
class Artifact:
    """A model folder that was checked, with its manifest."""

    folder: Path
    manifest: Manifest

    @property
    def name(self) -> str:
        """The model's name, `translate-en-fr` say."""
        return self.manifest.name

    @property
    def version(self) -> int:
        """The model's version, 1 or more."""
        return self.manifest.version

    @property
    def encoder_path(self) -> Path:
        """The SavedModel with the signature `encode`."""
        return self.folder / ENCODER

    @property
    def decoder_path(self) -> Path:
        """The SavedModel with the signature `step`."""
        return self.folder / DECODER


def discover(root: Path) -> list[Path]:
    """Return the newest version's folder of each model under `root`, sorted by model name.

    Versions are whole numbers, compared as numbers: 10 is newer than 9. Others are left out.

    Raises:
        ArtifactError: `root` is not a folder.
    """
    if not root.is_dir():
        raise ArtifactError(f"{root} is not a folder; set DRAGOMAN_MODELS to the folder of models")
    newest = []
    for model in sorted(path for path in root.iterdir() if path.is_dir()):
        versions = [path for path in model.iterdir() if _is_version(path)]
        if versions and not model.name.startswith("."):
            newest.append(max(versions, key=lambda path: int(path.name)))
    return newest


def open_artifact(folder: Path, *, verify_hashes: bool = True) -> Artifact:
    """Check the folder `.../<name>/<version>` and return it with its manifest.

    Args:
        folder: the version's folder.
        verify_hashes: also read every file and compare its SHA-256; sizes are compared in any case.

    Raises:
        ArtifactError: something is wrong; the message says what, and how to mend it.
    """
    artifact = open_unplaced(folder, verify_hashes=verify_hashes)
    check_place(folder, artifact.manifest)
    return artifact


def open_unplaced(folder: Path, *, verify_hashes: bool = True) -> Artifact:
    """Do what `open_artifact` does for a folder that does not stand in its place yet."""
    if not folder.is_dir():
        raise ArtifactError(f"{folder} is not a folder; name a model's version folder")
    try:
        found = list_files(folder)
        if MANIFEST not in found:
            raise ArtifactError(f"{folder} has no {MANIFEST}: it is not a model; {_RESTORE}")
        manifest = _read_manifest(folder / MANIFEST)
        del found[MANIFEST]
        _compare_listing(folder, manifest.files, found)
        _require_named_files(folder, manifest)
        if verify_hashes:
            _compare_hashes(folder, manifest.files)
    except OSError as error:
        reason = error.strerror or error
        raise ArtifactError(f"{folder} cannot be read: {reason}; check its permissions") from error
    return Artifact(folder, manifest)


def check_place(folder: Path, manifest: Manifest) -> None:
    """Refuse a folder that is not called `.../<name>/<version>` as its manifest says."""
    place = Path(os.path.abspath(folder))
    if (place.parent.name, place.name) != (manifest.name, str(manifest.version)):
        raise ArtifactError(
            f"{folder} holds {manifest.name} version {manifest.version}; "
            f"move it to {manifest.name}/{manifest.version}"
        )


def list_files(folder: Path) -> dict[str, int]:
    """Return the size in bytes of every file in `folder`, by relative path with forward slashes.

    Raises:
        ArtifactError: there is a link (it could lead out of the folder) or something not a file.
        OSError: a folder cannot be read.
    """
    sizes = {}
    for entry in _walk(folder):
        path = Path(entry.path).relative_to(folder).as_posix()
        if entry.is_symlink():
            raise ArtifactError(
                f"{folder}: {path} is a link, which may lead out of the folder; put the file there"
            )
        if not entry.is_file():
            raise ArtifactError(f"{folder}: {path} is not a plain file; delete it")
        sizes[path] = entry.stat().st_size
    return sizes


def hash_file(path: Path) -> str:
    """Return the SHA-256 of a file's bytes, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _is_version(path: Path) -> bool:
    return _VERSION.fullmatch(path.name) is not None and path.is_dir()


def _walk(folder: Path) -> Iterator[os.DirEntry[str]]:
    """Yield everything under `folder` but plain folders (an empty one is no harm)."""
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                yield from _walk(Path(entry.path))
            else:
                yield entry


def _read_manifest(path: Path) -> Manifest:
    try:
        raw = from_json(path.read_bytes())
    except ValueError as error:
        raise ArtifactError(f"{path} is not JSON ({error}); {_RESTORE}") from error
    newer = _check_format(path, raw)
    try:
        return Manifest.model_validate(raw)
    except ValidationError as error:
        hint = "upgrade Dragoman, which wrote a newer format" if newer else _RESTORE
        raise ArtifactError(f"{path} is not a valid manifest: {_first(error)}; {hint}") from error


def _check_format(path: Path, raw: Any) -> bool:
    """Refuse an unknown major version; return whether the minor version is newer than ours."""
    written = raw.get("format_version", FORMAT_VERSION) if isinstance(raw, dict) else None
    parts = _FORMAT.fullmatch(written) if isinstance(written, str) else None
    if parts is None:
        return False
    major, minor = (int(part) for part in FORMAT_VERSION.split("."))
    if int(parts[1]) != major:
        raise ArtifactError(
            f"{path} is in format {written}; this release reads {major}.x: "
            "install the release that wrote it, or export the model again"
        )
    return int(parts[2]) > minor


def _first(error: ValidationError) -> str:
    details = error.errors(include_url=False, include_input=False)
    where = ".".join(str(part) for part in details[0]["loc"]) or "the whole"
    more = f" (and {len(details) - 1} more)" if len(details) > 1 else ""
    return f"{where}: {details[0]['msg']}{more}"


def _compare_listing(folder: Path, files: tuple[FileEntry, ...], found: dict[str, int]) -> None:
    listed = {entry.path: entry.size for entry in files}
    if len(listed) != len(files):
        raise ArtifactError(f"{folder}/{MANIFEST} lists a file twice; export the model again")
    for path in sorted(listed.keys() - found.keys()):
        raise ArtifactError(f"{folder}: {path} is missing; {_RESTORE}")
    for path in sorted(found.keys() - listed.keys()):
        raise ArtifactError(f"{folder}: {path} is not in {MANIFEST}; delete it, or {_RESTORE}")
    for path in sorted(listed):
        if found[path] != listed[path]:
            raise ArtifactError(
                f"{folder}: {path} has {found[path]} bytes and should have {listed[path]}; "
                f"{_RESTORE}"
            )


def _require_named_files(folder: Path, manifest: Manifest) -> None:
    """Refuse a manifest that does not list a file which loading will open."""
    needed = [f"{ENCODER}/{SAVED_MODEL}", f"{DECODER}/{SAVED_MODEL}"]
    if manifest.text is not None:
        named = (manifest.text.source_file, manifest.text.target_file)
        needed += [path for path in named if path]
    listed = {entry.path for entry in manifest.files}
    for path in needed:
        if path not in listed:
            raise ArtifactError(
                f"{folder}/{MANIFEST} does not list {path}, which the model needs; "
                "export the model again"
            )


def _compare_hashes(folder: Path, files: tuple[FileEntry, ...]) -> None:
    for entry in files:
        if hash_file(folder / entry.path) != entry.sha256:
            raise ArtifactError(
                f"{folder}: {entry.path} is not the file that was exported (its SHA-256 differs); "
                f"{_RESTORE}"
            )
