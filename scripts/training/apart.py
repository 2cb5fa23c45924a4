"""Train and export in processes of their own, by the commands that anyone would give."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path


def train_apart(recipe: Path, data: Path, models: Path, run: Path, *options: str) -> int:
    """Train `recipe` and export it to `models`; return the exit status.

    More `options` are those of `train.py`.
    """
    arguments = ["--recipe", str(recipe), "--data", str(data), "--out", str(models)]
    return _run("scripts.train", *arguments, "--run", str(run), *options)


def export_apart(run: Path, data: Path, models: Path, *options: str) -> int:
    """Export a finished run, with TensorFlow whatever trained it; return the exit status."""
    arguments = ["--run", str(run), "--data", str(data), "--out", str(models)]
    return _run("scripts.export", *arguments, *options)


def _run(module: str, *arguments: str) -> int:
    command = [sys.executable, "-m", module, *arguments]
    return subprocess.run(command, check=False).returncode  # noqa: S603 - our own modules


def processor_seconds() -> float:
    """Return how long the processors have worked for the commands that have ended."""
    spent = os.times()
    return spent.children_user + spent.children_system
