"""`scripts/train.py` trains on JAX, its default, while every other test runs on TensorFlow."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np

from tests.training.test_recipe import MINIMAL

ROOT = Path(__file__).parents[2]
JAX = {"KERAS_BACKEND": "jax", "JAX_DISABLE_MOST_OPTIMIZATIONS": "1"}  # compiles in half the time
TINY = """
[tokenizer]
kind = "char"
vocabulary = 16
[model]
embedding = 8
[encoder]
layers = 1
units = 8
heads = 2
feed_forward = 8
[decoder]
units = 8
[fit]
epochs = 2 # of three batches; every fifth moves the averaged weights, which are judged
batch_tokens = 64
learning_rate = 0.05
warmup_steps = 1
validate_every = 1
"""


def write_pairs(folder: Path) -> None:
    """Write words of four letters and their reverses, which make batches of one shape."""
    words = ["".join(letters) for letters in np.random.default_rng(1).choice([*"abcd"], (30, 4))]
    lines = [f"{'train' if at < 20 else 'val'}\t{w}\t{w[::-1]}" for at, w in enumerate(words)]
    (folder / "pairs.tsv").write_text("\n".join(["split\ten\tfr", *lines]), encoding="utf-8")


def test_a_few_steps_on_jax_leave_finite_weights_and_a_falling_loss(tmp_path: Path) -> None:
    write_pairs(tmp_path)
    recipe = MINIMAL.replace('attribution = "us"', 'attribution = "us"\nvalidate_on = true') + TINY
    (tmp_path / "tiny.toml").write_text(recipe, encoding="utf-8")
    command = [sys.executable, str(ROOT / "scripts/train.py"), "--recipe", "tiny.toml"]
    done = subprocess.run(
        [*command, "--data", ".", "--no-export"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT), **JAX},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    with np.load(tmp_path / "runs/tiny/weights.npz") as weights:
        assert weights.files
        assert all(np.isfinite(weights[name]).all() for name in weights.files)
    history = json.loads((tmp_path / "runs/tiny/history.json").read_text(encoding="utf-8"))
    assert [row["step"] for row in history] == [1, 2, 3, 4, 5, 6]
    assert history[-1]["validation"] < history[0]["validation"]
