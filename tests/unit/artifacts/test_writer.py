"""The writer leaves a whole, checked model in its place, or nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from app.artifacts.manifest import Manifest
from app.artifacts.store import Artifact, open_artifact
from app.artifacts.writer import write_artifact
from app.errors import ArtifactError


def fill(folder: Path) -> None:
    """Write a model's files but the manifest."""
    for part in ("encoder", "decoder"):
        (folder / part).mkdir()
        (folder / part / "saved_model.pb").write_text(part, encoding="utf-8")
    for name in ("source.json", "target.json"):
        (folder / name).write_text("{}", encoding="utf-8")


def accept(artifact: Artifact) -> None:
    """Find nothing wrong with `artifact`."""


def everything(root: Path) -> list[str]:
    """Return the relative path of all that is under `root`."""
    return sorted(path.relative_to(root).as_posix() for path in root.rglob("*"))


def test_what_is_written_opens(tmp_path: Path, sketch: Manifest) -> None:
    folder = tmp_path / "tiny/1"
    written = write_artifact(folder, sketch, fill, accept)
    assert written == open_artifact(folder)
    assert [(entry.path, entry.size) for entry in written.manifest.files] == [
        ("decoder/saved_model.pb", 7),
        ("encoder/saved_model.pb", 7),
        ("source.json", 2),
        ("target.json", 2),
    ]
    assert everything(tmp_path) == [
        "tiny",
        "tiny/1",
        "tiny/1/decoder",
        "tiny/1/decoder/saved_model.pb",
        "tiny/1/encoder",
        "tiny/1/encoder/saved_model.pb",
        "tiny/1/manifest.json",
        "tiny/1/source.json",
        "tiny/1/target.json",
    ]


def test_others_may_read_the_folder(tmp_path: Path, sketch: Manifest) -> None:
    folder = write_artifact(tmp_path / "tiny/1", sketch, fill, accept).folder
    assert folder.stat().st_mode == folder.parent.stat().st_mode


def test_check_sees_the_whole_artifact_before_it_is_in_place(
    tmp_path: Path, sketch: Manifest
) -> None:
    folder, seen = tmp_path / "tiny/1", []

    def check(artifact: Artifact) -> None:
        seen.append((folder.exists(), artifact.name, len(artifact.manifest.files)))
        assert artifact.folder.parent == folder.parent
        assert (artifact.encoder_path / "saved_model.pb").read_text(encoding="utf-8") == "encoder"

    write_artifact(folder, sketch, fill, check)
    assert seen == [(False, "tiny", 4)]


def _fail(_: object) -> None:
    raise RuntimeError("no")


def _interrupt(_: object) -> None:
    raise KeyboardInterrupt


def _half(folder: Path) -> None:
    fill(folder)
    (folder / "source.json").unlink()


def _own_manifest(folder: Path) -> None:
    fill(folder)
    (folder / "manifest.json").write_text("{}", encoding="utf-8")


def _link(folder: Path) -> None:
    fill(folder)
    (folder / "link").symlink_to("source.json")


@pytest.mark.parametrize(
    ("fill", "check", "error"),
    [
        (_fail, accept, RuntimeError),
        (_interrupt, accept, KeyboardInterrupt),
        (fill, _fail, RuntimeError),
        (fill, _interrupt, KeyboardInterrupt),
        (_half, accept, ArtifactError),
        (_own_manifest, accept, ArtifactError),
        (_link, accept, ArtifactError),
    ],
)
def test_a_failure_leaves_nothing_behind(
    tmp_path: Path,
    sketch: Manifest,
    fill: Callable[[Path], None],
    check: Callable[[Artifact], None],
    error: type[BaseException],
) -> None:
    with pytest.raises(error):
        write_artifact(tmp_path / "tiny/1", sketch, fill, check)
    assert everything(tmp_path) == []


def test_a_failure_leaves_other_versions_alone(folder: Path, sketch: Manifest) -> None:
    before = everything(folder.parent)
    second = sketch.model_copy(update={"version": 2})
    with pytest.raises(RuntimeError):
        write_artifact(folder.with_name("2"), second, fill, _fail)
    assert everything(folder.parent) == before


def test_an_existing_version_is_not_overwritten(folder: Path, sketch: Manifest) -> None:
    with pytest.raises(ArtifactError, match="is there already; export as version 2, or ask for it"):
        write_artifact(folder, sketch, _fail, accept)
    assert (folder / "README.md").exists()


def test_replace_puts_the_new_model_in_the_old_ones_place(folder: Path, sketch: Manifest) -> None:
    write_artifact(folder, sketch, fill, accept, replace=True)
    assert len(open_artifact(folder).manifest.files) == 4
    assert [path.name for path in folder.parent.iterdir()] == ["1"]


def test_a_failed_replacement_keeps_the_old_model(folder: Path, sketch: Manifest) -> None:
    before = everything(folder.parent)
    with pytest.raises(RuntimeError):
        write_artifact(folder, sketch, fill, _fail, replace=True)
    assert everything(folder.parent) == before
    assert len(open_artifact(folder).manifest.files) == 6


def test_a_failed_rename_brings_the_old_model_back(
    folder: Path, sketch: Manifest, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, rename = everything(folder.parent), Path.rename

    def sometimes(path: Path, target: Path) -> Path:
        if ".partial-" in path.name:
            raise OSError("disk")
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", sometimes)
    with pytest.raises(OSError, match="disk"):
        write_artifact(folder, sketch, fill, accept, replace=True)
    assert everything(folder.parent) == before
    assert open_artifact(folder).name == "tiny"


@pytest.mark.parametrize("place", ["tiny/2", "other/1", "1"])
def test_a_folder_that_contradicts_the_manifest_is_refused(
    tmp_path: Path, sketch: Manifest, place: str
) -> None:
    with pytest.raises(ArtifactError, match="move it to tiny/1"):
        write_artifact(tmp_path / place, sketch, fill, accept)
    assert everything(tmp_path) == []
