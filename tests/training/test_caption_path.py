"""The whole path from pictures to a verified artifact, and on from there."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import scripts.evaluate
import scripts.train
from app.artifacts.store import open_artifact
from scripts.training import captionscores
from scripts.verify_artifact import check
from tests.fakes.pictures import use_tiny_backbone, write_pictures

RECIPE = """
name = "tiny-caption"
task = "caption"
summary = "Names colours; for tests"
limits = "Knows three colours."

[data]
source_language = "zxx"
target_language = "en"
max_target = 10
views = 2

[[data.corpora]]
path = "captions.tsv"
source = "image"
target = "caption"
licence = "CC0-1.0"
commercial_use = true
attribution = "nobody"
validate_on = true

[tokenizer]
kind = "word"
vocabulary = 64

[model]
embedding = 8

[encoder]
kind = "image"
units = 8
tuned = 1

[decoder]
units = 8
attention = "bahdanau"

[fit]
epochs = 1
batch_tokens = 96
learning_rate = 1e-2
warmup_steps = 2

[evaluate]
metrics = ["captions"]
golden = ["meadow", "beach"]

[[evaluate.sets]]
name = "patches"
path = "captions.tsv"
source = "image"
target = "caption"
grouped = true
"""


def by_words(captions: Any) -> dict[int, list[str]]:
    """Tokenize without Java: these captions have no punctuation that matters."""
    return {i: [c.lower().replace(" .", "") for c in some] for i, some in enumerate(captions)}


@pytest.fixture
def run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, in_process: Callable[..., None]
) -> Callable[..., None]:
    """Return what runs a program where there is a tiny backbone."""
    write_pictures(tmp_path)
    (tmp_path / "tiny-caption.toml").write_text(RECIPE, encoding="utf-8")
    use_tiny_backbone(monkeypatch)
    monkeypatch.setattr(captionscores, "tokenize", by_words)
    monkeypatch.setattr(scripts.train, "require_java", lambda: None)

    return in_process


def test_one_command_goes_from_pictures_to_an_artifact_that_can_be_trained_on(
    run: Callable[..., None], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("pycocoevalcap")
    train = ("--recipe", "tiny-caption.toml", "--data", ".", "--out", "models")
    run(scripts.train.main, *train)
    artifact = open_artifact(tmp_path / "models/tiny-caption/1")
    manifest = artifact.manifest
    assert (manifest.source_kind, manifest.limits.max_source) == ("image", 4)
    assert [(g.input, g.options) for g in manifest.golden] == [
        ({"drawing": name}, {"beam_size": beam}) for beam in (1, 4) for name in ("meadow", "beach")
    ]
    assert {metric.name for metric in manifest.metrics} == {
        "bleu-1", "bleu-2", "bleu-3", "bleu-4", "cider", "rougeL",
    }  # fmt: skip
    assert check(artifact.folder)

    capsys.readouterr()
    sets = (str(artifact.folder), "--recipe", "tiny-caption.toml", "--data", ".")
    run(scripts.evaluate.main, *sets, "--show", "1")
    assert "| 17.png | A blue patch . | " in capsys.readouterr().out

    features = sorted((tmp_path / "runs/tiny-caption/features").glob("*.npy"))
    assert len(features) == 3
    run(scripts.train.main, *train, "--resume", "--epochs", "2", "--no-export")
    assert sorted((tmp_path / "runs/tiny-caption/features").glob("*.npy")) == features
    further = ("--init", "models/tiny-caption/1", "--run", "runs/further", "--no-export")
    run(scripts.train.main, *train, *further)
    history = json.loads((tmp_path / "runs/further/history.json").read_text(encoding="utf-8"))
    assert np.isfinite(history[-1]["validation"])
    vocabulary = (tmp_path / "runs/further/tokenizer.json").read_bytes()
    assert vocabulary == (artifact.folder / "target.json").read_bytes()


def test_without_java_the_scores_say_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda _: None)
    with pytest.raises(RuntimeError, match="needs Java: install one"):
        captionscores.tokenize([["a"]])
