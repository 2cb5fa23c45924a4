"""The whole path from raw pairs to a verified artifact, as a user runs it, on a few pairs."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from app.artifacts.store import open_artifact

ROOT = Path(__file__).parents[2]
NUMBERS = [("one", "un"), ("two", "deux"), ("three", "trois"), ("four", "quatre"), ("five", "cinq")]
RECIPE = """
name = "tiny"
version = 1
task = "translate"
summary = "Counts; for tests"
limits = "Knows no number above five."

[data]
source_language = "en"
target_language = "fr"
max_source = 16
max_target = 16

[[data.corpora]]
path = "pairs.tsv"
source = "en"
target = "fr"
licence = "CC0-1.0"
commercial_use = true
attribution = "nobody"
validate_on = true

[tokenizer]
kind = "subword"
vocabulary = 300

[model]
embedding = 16
dropout = 0.1

[encoder]
kind = "transformer"
layers = 1
units = 16
heads = 2
feed_forward = 32

[decoder]
cell = "gru"
layers = 1
units = 16
attention = "general"

[fit]
epochs = 1
batch_tokens = 256
learning_rate = 1e-2
warmup_steps = 2
validate_every = 2

[evaluate]
golden = ["one two", "three"]

[[evaluate.sets]]
name = "pairs"
path = "pairs.tsv"
source = "en"
target = "fr"

[[evaluate.sets]]
name = "elsewhere"
path = "not-here.tsv"
source = "en"
target = "fr"
"""


SHOW = ("evaluate.py", "models/tiny/1", "--recipe", "tiny.toml", "--data", ".", "--show", "2")


@pytest.fixture
def work(tmp_path: Path) -> Path:
    rows = ["en\tfr\tsplit"]
    for place, words in enumerate(itertools.product(NUMBERS, repeat=2)):
        split = {3: "val", 7: "test"}.get(place % 11, "train")
        rows.append("\t".join([*(" ".join(side) for side in zip(*words, strict=True)), split]))
    (tmp_path / "pairs.tsv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    (tmp_path / "tiny.toml").write_text(RECIPE, encoding="utf-8")
    return tmp_path


def run(work: Path, script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(ROOT / "scripts" / script), *arguments],
        cwd=work,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )


def train(work: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return run(work, "train.py", "--recipe", "tiny.toml", "--data", ".", *arguments)


def test_one_command_goes_from_pairs_to_an_artifact_that_can_be_trained_on(work: Path) -> None:
    done = train(work)
    assert done.returncode == 0, done.stderr[-3000:]
    artifact = open_artifact(work / "models/tiny/1")
    manifest = artifact.manifest
    assert [example.options["beam_size"] for example in manifest.golden] == [1, 1, 4, 4]
    assert {metric.dataset for metric in manifest.metrics} == {"pairs"}
    assert {"bleu-first", "chrf"} <= {metric.name for metric in manifest.metrics}
    assert manifest.training.history[-1]["validation"] > 0
    assert (manifest.commercial_use, manifest.licences[0].licence) == (True, "CC0-1.0")
    card = (artifact.folder / "README.md").read_text(encoding="utf-8")
    assert manifest.training.command in card
    assert "Knows no number above five." in card
    assert (artifact.folder / "curve.png").read_bytes().startswith(b"\x89PNG")
    assert "not-here.tsv is missing" in done.stdout

    checked = run(work, "verify_artifact.py", "models/tiny/1")
    assert checked.returncode == 0, checked.stdout + checked.stderr[-3000:]

    shown = run(work, *SHOW)
    lines = shown.stdout.splitlines()
    assert lines[0] == "### pairs", shown.stderr[-3000:]
    assert [line.split(" | ")[:2] for line in lines[4:6]] == [
        ["| two three", "deux trois"],
        ["| four four", "quatre quatre"],
    ]

    again = train(work)
    assert "--resume" in again.stderr
    longer = train(work, "--init", "models/tiny/1", "--run", "runs/longer", "--no-export")
    assert longer.returncode == 0, longer.stderr[-3000:]
    commands = json.loads((work / "runs/longer/run.json").read_text(encoding="utf-8"))["commands"]
    assert commands[0] == manifest.training.command
    assert commands[1:] == [f"{commands[0]} --init models/tiny/1"]
    history = json.loads((work / "runs/longer/history.json").read_text(encoding="utf-8"))
    assert history[0]["step"] > 0
    first, second = (np.load(work / name / "weights.npz") for name in ("runs/tiny", "runs/longer"))
    assert [array.shape for array in first.values()] == [array.shape for array in second.values()]
    assert (work / "runs/longer/tokenizer.json").read_bytes() == (
        artifact.folder / "source.json"
    ).read_bytes()


def test_what_would_fail_in_the_end_fails_at_once(work: Path) -> None:
    (work / "models/tiny/1").mkdir(parents=True)
    assert "--replace" in train(work).stderr
    (work / "pairs.tsv").unlink()
    assert "fetch_data.py" in train(work, "--replace").stderr
