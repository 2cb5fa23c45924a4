"""The store opens a whole model folder and refuses every other: what is wrong, and the fix."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from app.artifacts.store import discover, open_artifact
from app.errors import ArtifactError

Edit = Callable[[Callable[[dict[str, Any]], object]], None]


def refusal(folder: Path, *, verify_hashes: bool = True) -> str:
    """Return what the store says against `folder`, with the machine's own path left out."""
    with pytest.raises(ArtifactError) as caught:
        open_artifact(folder, verify_hashes=verify_hashes)
    return caught.value.message.replace(str(folder), "FOLDER")


def test_a_whole_folder_opens(folder: Path) -> None:
    artifact = open_artifact(folder)
    assert (artifact.name, artifact.version) == ("tiny", 1)
    assert artifact.encoder_path == folder / "encoder"
    assert artifact.decoder_path == folder / "decoder"
    assert [entry.path for entry in artifact.manifest.files] == [
        "README.md",
        "decoder/saved_model.pb",
        "decoder/variables/variables.index",
        "encoder/saved_model.pb",
        "source.json",
        "target.json",
    ]


def test_a_relative_folder_opens(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    assert open_artifact(Path()).name == "tiny"


def test_empty_folders_inside_are_harmless(folder: Path) -> None:
    (folder / "encoder/assets").mkdir()
    assert open_artifact(folder).name == "tiny"


def test_a_changed_file_of_the_same_size_is_refused(folder: Path) -> None:
    (folder / "encoder/saved_model.pb").write_text("Encode", encoding="utf-8")
    assert refusal(folder) == (
        "FOLDER: encoder/saved_model.pb is not the file that was exported (its SHA-256 differs); "
        "copy the folder again from its source, or export the model again"
    )


def test_a_changed_file_of_the_same_size_passes_without_hashes(folder: Path) -> None:
    (folder / "encoder/saved_model.pb").write_text("Encode", encoding="utf-8")
    assert open_artifact(folder, verify_hashes=False).name == "tiny"


@pytest.mark.parametrize("verify_hashes", [True, False])
def test_a_truncated_saved_model_is_refused(folder: Path, verify_hashes: bool) -> None:
    (folder / "decoder/saved_model.pb").write_text("st", encoding="utf-8")
    assert refusal(folder, verify_hashes=verify_hashes) == (
        "FOLDER: decoder/saved_model.pb has 2 bytes and should have 4; "
        "copy the folder again from its source, or export the model again"
    )


def test_a_truncated_saved_model_whose_size_was_mended_is_refused(folder: Path, edit: Edit) -> None:
    (folder / "decoder/saved_model.pb").write_text("st", encoding="utf-8")
    edit(lambda manifest: manifest["files"][1].update(size=2))
    assert "decoder/saved_model.pb is not the file that was exported" in refusal(folder)


@pytest.mark.parametrize("verify_hashes", [True, False])
def test_a_missing_file_is_refused(folder: Path, verify_hashes: bool) -> None:
    (folder / "target.json").unlink()
    assert refusal(folder, verify_hashes=verify_hashes) == (
        "FOLDER: target.json is missing; "
        "copy the folder again from its source, or export the model again"
    )


def test_an_extra_file_is_refused(folder: Path) -> None:
    (folder / "encoder/notes.txt").write_text("mine", encoding="utf-8")
    assert refusal(folder) == (
        "FOLDER: encoder/notes.txt is not in manifest.json; "
        "delete it, or copy the folder again from its source, or export the model again"
    )


@pytest.mark.parametrize(
    "path", ["../secret", "/etc/passwd", "encoder/../../x", "C:/x", "a\\b", "."]
)
def test_a_listed_path_that_leaves_the_folder_is_refused(
    folder: Path, edit: Edit, path: str
) -> None:
    edit(lambda manifest: manifest["files"][0].update(path=path))
    message = refusal(folder)
    assert "files.0.path" in message
    assert "leaves the artifact's folder" in message


def test_a_tokenizer_outside_the_folder_is_refused(folder: Path, edit: Edit) -> None:
    edit(lambda manifest: manifest["text"].update(source_file="../source.json"))
    assert refusal(folder) == (
        "FOLDER/manifest.json does not list ../source.json, which the model needs; "
        "export the model again"
    )


def test_a_link_to_a_file_is_refused_even_if_its_bytes_are_right(folder: Path) -> None:
    outside = folder.parent / "outside.json"
    (folder / "target.json").rename(outside)
    (folder / "target.json").symlink_to(outside)
    assert refusal(folder) == (
        "FOLDER: target.json is a link, which may lead out of the folder; put the file there"
    )


def test_a_link_to_a_folder_is_refused(folder: Path) -> None:
    outside = folder.parent / "outside"
    (folder / "encoder").rename(outside)
    (folder / "encoder").symlink_to(outside, target_is_directory=True)
    assert "encoder is a link" in refusal(folder)


def test_a_dangling_link_is_refused(folder: Path) -> None:
    (folder / "extra").symlink_to(folder / "nowhere")
    assert "extra is a link" in refusal(folder)


def test_a_pipe_is_refused_and_never_read(folder: Path) -> None:
    os.mkfifo(folder / "pipe")
    assert refusal(folder) == "FOLDER: pipe is not a plain file; delete it"


@pytest.mark.parametrize("written", ["2.0", "0.9", "10.0"])
def test_an_unknown_major_format_is_refused(folder: Path, edit: Edit, written: str) -> None:
    edit(lambda manifest: manifest.update(format_version=written, from_the_future=True))
    assert refusal(folder) == (
        f"FOLDER/manifest.json is in format {written}; this release reads 1.x: "
        "install the release that wrote it, or export the model again"
    )


def test_a_newer_minor_format_opens_if_it_is_understood(folder: Path, edit: Edit) -> None:
    edit(lambda manifest: manifest.update(format_version="1.7"))
    assert open_artifact(folder).manifest.format_version == "1.7"


def test_a_newer_minor_format_that_is_not_understood_says_upgrade(folder: Path, edit: Edit) -> None:
    edit(lambda manifest: manifest.update(format_version="1.7", from_the_future=True))
    assert refusal(folder) == (
        "FOLDER/manifest.json is not a valid manifest: from_the_future: "
        "Extra inputs are not permitted; upgrade Dragoman, which wrote a newer format"
    )


@pytest.mark.parametrize("version", ["one", "1", None, 1, "1.0.0"])
def test_a_format_version_that_is_no_version_is_refused(
    folder: Path, edit: Edit, version: object
) -> None:
    edit(lambda manifest: manifest.update(format_version=version))
    assert "manifest.json is not a valid manifest: format_version" in refusal(folder)


@pytest.mark.parametrize(
    "content", [b"", b"{", b"\xff\xfe", b"PK\x03\x04", b"[" * 100_000, b'{"name": "tiny"} x']
)
def test_a_manifest_that_is_not_json_is_refused(folder: Path, content: bytes) -> None:
    (folder / "manifest.json").write_bytes(content)
    assert re.match(r"FOLDER/manifest.json is not JSON \(.+\); copy the folder", refusal(folder))


@pytest.mark.parametrize("content", ["[]", "null", "3", "{}"])
def test_a_manifest_that_is_no_manifest_is_refused(folder: Path, content: str) -> None:
    (folder / "manifest.json").write_text(content, encoding="utf-8")
    assert "manifest.json is not a valid manifest" in refusal(folder)


def test_an_invalid_manifest_names_the_field_and_counts_the_rest(folder: Path, edit: Edit) -> None:
    edit(lambda manifest: manifest.update(parameters=-1, task="sing"))
    message = refusal(folder)
    assert "manifest.json is not a valid manifest: task: " in message
    assert "(and 1 more)" in message


def test_a_file_listed_twice_is_refused(folder: Path, edit: Edit) -> None:
    edit(lambda manifest: manifest["files"].append(manifest["files"][0]))
    assert refusal(folder) == ("FOLDER/manifest.json lists a file twice; export the model again")


def test_a_folder_without_manifest_is_refused(folder: Path) -> None:
    (folder / "manifest.json").unlink()
    assert refusal(folder) == (
        "FOLDER has no manifest.json: it is not a model; "
        "copy the folder again from its source, or export the model again"
    )


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    assert refusal(tmp_path / "tiny/1") == ("FOLDER is not a folder; name a model's version folder")


@pytest.mark.parametrize("place", ["models/tiny/2", "models/other/1"])
def test_a_folder_in_the_wrong_place_is_refused(folder: Path, tmp_path: Path, place: str) -> None:
    moved = tmp_path / place
    moved.parent.mkdir(exist_ok=True)
    folder.rename(moved)
    assert refusal(moved) == "FOLDER holds tiny version 1; move it to tiny/1"


def test_a_manifest_that_lists_no_decoder_is_refused(folder: Path, edit: Edit) -> None:
    (folder / "decoder/saved_model.pb").unlink()
    edit(lambda manifest: manifest["files"].pop(1))
    assert refusal(folder) == (
        "FOLDER/manifest.json does not list decoder/saved_model.pb, which the model needs; "
        "export the model again"
    )


def test_a_file_that_cannot_be_read_is_refused(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def denied(path: Path) -> str:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr("app.artifacts.store.hash_file", denied)
    assert refusal(folder) == ("FOLDER cannot be read: Permission denied; check its permissions")


def test_discover_returns_the_newest_version_of_each_model(tmp_path: Path) -> None:
    for place in ["b/2", "b/10", "b/9", "a/1", "empty", ".hidden/1", "b/.11.partial-0", "b/latest"]:
        (tmp_path / place).mkdir(parents=True)
    for place in ["README.md", "b/12"]:
        (tmp_path / place).write_text("a file", encoding="utf-8")
    (tmp_path / "b/011").mkdir()
    assert discover(tmp_path) == [tmp_path / "a/1", tmp_path / "b/10"]


def test_discover_finds_nothing_in_an_empty_folder(tmp_path: Path) -> None:
    assert discover(tmp_path) == []


def test_discover_refuses_what_is_not_a_folder(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match="set DRAGOMAN_MODELS to the folder of models"):
        discover(tmp_path / "nowhere")


def test_the_store_loads_no_tensorflow() -> None:
    program = "import sys, app.artifacts.writer; print('tensorflow' in sys.modules)"
    command = [sys.executable, "-c", program]
    ran = subprocess.run(command, capture_output=True, text=True, check=True)
    assert ran.stdout == "False\n"


def test_the_manifest_on_disk_is_readable_json(folder: Path) -> None:
    text = (folder / "manifest.json").read_text(encoding="utf-8")
    assert json.loads(text)["name"] == "tiny"
    assert text.startswith('{\n  "format_version": "1.0",\n')
    assert text.endswith("}\n")
