"""A model folder that is small enough to read: no SavedModel in it is a real one."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from app.artifacts.manifest import Manifest
from app.artifacts.store import Artifact
from app.artifacts.writer import write_artifact

FILES = {
    "README.md": "# Tiny\n",
    "decoder/saved_model.pb": "step",
    "decoder/variables/variables.index": "",
    "encoder/saved_model.pb": "encode",
    "source.json": "{}",
    "target.json": "{}",
}


def tiny_manifest() -> dict[str, Any]:
    """Return the manifest of `tiny` version 1, without files."""
    state = {"dtype": "float32", "axes": ["batch", 2]}
    logits = {"dtype": "float32", "axes": ["batch", 5]}
    token = {"dtype": "int32", "axes": ["batch"]}
    tokens = {"dtype": "int32", "axes": ["batch", "source"]}
    return {
        "name": "tiny",
        "version": 1,
        "task": "translate",
        "summary": "spells words",
        "languages": [{"source": "en", "target": "fr"}],
        "source_kind": "text",
        "target_kind": "text",
        "parameters": 7,
        "signatures": {
            "encode": {"inputs": {"tokens": tokens}, "outputs": {"state_0": state}},
            "step": {
                "inputs": {"token": token, "state_0": state},
                "outputs": {"logits": logits, "state_0": state},
            },
        },
        "decoding": {"kind": "tokens", "bos": 1, "eos": 2},
        "limits": {"max_source": 8, "max_target": 8},
        "text": {
            "tokenizer": "char",
            "source_file": "source.json",
            "target_file": "target.json",
        },
        "commercial_use": True,
        "training": {"command": "train", "revision": "0", "seed": 1, "recipe": "tiny"},
    }


def write_files(folder: Path) -> None:
    """Write every file of `tiny` but its manifest."""
    for path, text in FILES.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")


def accept(artifact: Artifact) -> None:
    """Find nothing wrong with `artifact`."""


@pytest.fixture
def sketch() -> Manifest:
    """The manifest of `tiny` before its files are known."""
    return Manifest.model_validate(tiny_manifest())


@pytest.fixture
def folder(tmp_path: Path, sketch: Manifest) -> Path:
    """The folder of a whole artifact, `models/tiny/1`."""
    return write_artifact(tmp_path / "models/tiny/1", sketch, write_files, accept).folder


@pytest.fixture
def edit(folder: Path) -> Callable[[Callable[[dict[str, Any]], object]], None]:
    """Return a function that changes the manifest on disk by hand."""
    path = folder / "manifest.json"

    def change(how: Callable[[dict[str, Any]], object]) -> None:
        manifest = json.loads(path.read_text(encoding="utf-8"))
        how(manifest)
        path.write_text(json.dumps(manifest), encoding="utf-8")

    return change
