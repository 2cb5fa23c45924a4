"""Train and export in processes of their own, by the commands that anyone would give."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

TRAIN = Path(__file__).resolve().parents[1] / "train.py"


def train_apart(recipe: Path, data: Path, models: Path, run: Path, *options: str) -> bool:
    """Train `recipe` and export it to `models`; more `options` are those of `train.py`.

    Returns:
        Whether it went well; what went wrong has been printed.
    """
    command = [sys.executable, str(TRAIN), "--recipe", str(recipe), "--data", str(data)]
    command += ["--out", str(models), "--run", str(run), *options]
    return subprocess.run(command, check=False).returncode == 0  # noqa: S603 - our own script


def export_apart(run: Path, data: Path, models: Path, *options: str) -> int:
    """Export a finished run and return the exit status: a Keras backend cannot change."""
    command = [sys.executable, "-m", "scripts.export", "--run", str(run), "--data", str(data)]
    command += ["--out", str(models), *options]
    return subprocess.run(command, check=False).returncode  # noqa: S603 - our own module


def processor_seconds() -> float:
    """Return how long the processors have worked for the commands that have ended."""
    spent = os.times()
    return spent.children_user + spent.children_system
