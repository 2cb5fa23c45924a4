"""Programs of `scripts/` run in this process, and with them those that they start."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest


def runner(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Go to `folder`; return what runs a program's `main` there with the arguments given."""
    monkeypatch.chdir(folder)

    def call(program: Callable[[], Any], *arguments: str) -> None:
        monkeypatch.setattr(sys, "argv", ["program", *arguments])
        assert not program()

    def subprocess(command: list[str], **_: Any) -> Any:
        call(importlib.import_module(command[2]).main, *command[3:])
        return SimpleNamespace(returncode=0)

    monkeypatch.setattr("subprocess.run", subprocess)
    monkeypatch.setattr("scripts.training.export.revision", lambda: "unknown")
    return call
