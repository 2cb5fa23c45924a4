"""Training tests run on Keras' TensorFlow backend unless KERAS_BACKEND says otherwise."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Return what runs a program in this process, in a folder of the test's own."""
    import scripts.export  # Keras chooses its backend where it is first imported
    import scripts.features

    programs = {"scripts.features": scripts.features.main, "scripts.export": scripts.export.main}
    monkeypatch.chdir(tmp_path)

    def call(program: Callable[[], Any], *arguments: str) -> None:
        monkeypatch.setattr(sys, "argv", ["program", *arguments])
        assert not program()

    def subprocess(command: list[str], **_: Any) -> Any:
        call(programs[command[2]], *command[3:])
        return SimpleNamespace(returncode=0)

    monkeypatch.setattr("subprocess.run", subprocess)
    monkeypatch.setattr("scripts.training.export.revision", lambda: "unknown")
    return call
