"""A server of toy models, for the tests of one task over HTTP."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.e2e.process import PATIENCE, ROOT, Served


def served_toys(factory: pytest.TempPathFactory, *tasks: str) -> Iterator[Served]:
    """Yield a ready server with a toy model for each of `tasks`."""
    folder = factory.mktemp("models")
    command = [sys.executable, "-m", "tests.e2e.toy_models", str(folder), *tasks]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True, timeout=PATIENCE)
    with Served("app", factory.mktemp("log") / "log", models=folder, device="cpu") as served:
        served.until("/readyz", None)
        yield served
