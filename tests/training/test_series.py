"""Series of numbers: curves, windows, the model, and the whole path to a verified artifact."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from keras import ops
from numpy.typing import NDArray
from pydantic import ValidationError

import scripts.evaluate
import scripts.train
from app.artifacts.store import open_artifact
from scripts.training.model.cells import CELLS
from scripts.training.model.series import SeriesModel
from scripts.training.recipes import load_any
from scripts.training.series.config import SeriesRecipe
from scripts.training.series.curves import points, training_starts, unseen_starts, windows
from scripts.training.series.data import SeriesData
from scripts.verify_artifact import agree, check

RECIPE = """
name = "tiny-series"
task = "series"
summary = "A cosine; for tests"
limits = "Knows five points of it."

[data]
source = "sine"
target = "cosine"
low = 0.0
high = 1.8
points = 10
window = 5
starts = 6
passes = 8

[model]
cell = "gru"
units = 4

[fit]
epochs = 1
batch_tokens = 64
learning_rate = 1e-2
warmup_steps = 2

[evaluate]
windows = 7
golden = [0, 5]
"""


@pytest.fixture
def recipe(tmp_path: Path) -> SeriesRecipe:
    (tmp_path / "tiny-series.toml").write_text(RECIPE, encoding="utf-8")
    loaded = load_any(tmp_path / "tiny-series.toml")
    assert isinstance(loaded, SeriesRecipe)
    return loaded


def test_windows_lie_on_the_curve(recipe: SeriesRecipe) -> None:
    about = recipe.data
    assert training_starts(about) == pytest.approx(np.linspace(0.0, 1.0, 6))
    x = points(about, np.array([0.0, 1.0]))
    assert x == pytest.approx(np.array([[0.0, 0.2, 0.4, 0.6, 0.8], [1.0, 1.2, 1.4, 1.6, 1.8]]))
    assert x.max() <= about.high
    assert windows("square", x)[1, :, 0] == pytest.approx([1.0, 1.44, 1.96, 2.56, 3.24])


def test_what_is_measured_lies_well_between_what_is_trained_on(recipe: SeriesRecipe) -> None:
    grid, unseen = training_starts(recipe.data), unseen_starts(recipe.data, 200, 3)
    apart = np.abs(unseen[:, None] - grid[None, :]).min(axis=1)
    assert apart.min() >= 0.25 * (grid[1] - grid[0]) - 1e-9
    assert (unseen.min() > grid[0], unseen.max() < grid[-1]) == (True, True)
    assert (unseen_starts(recipe.data, 200, 3) == unseen).all()
    chosen = SeriesData(recipe).validation_batches()[0].source
    assert not np.isin(chosen, windows("sine", points(recipe.data, unseen))).all(axis=(1, 2)).any()


def test_an_epoch_shows_every_window_as_often(recipe: SeriesRecipe) -> None:
    data = SeriesData(recipe)  # 6 windows, 8 passes, 12 rows a batch
    first = np.concatenate([batch.source for batch in data.epoch_batches(0)])
    again = np.concatenate([batch.source for batch in data.epoch_batches(0)])
    assert (first == again).all()
    _, counts = np.unique(first[:, 0, 0], return_counts=True)
    assert (data.steps_per_epoch, counts.tolist()) == (4, [8] * 6)


@pytest.mark.parametrize(
    ("was", "now", "where"),
    [
        ('source = "sine"', 'source = "tide"', "there is no curve 'tide'"),
        ("window = 5", "window = 10", "a window shorter"),
        ("high = 1.8", "high = -1.0", "low must be below high"),
        ("golden = [0, 5]", "golden = [6]", "does not fit"),
        ('cell = "gru"', 'cell = "gru"\nlayers = 3', "model.layers"),
        ("[fit]", "[fit]\nlabel_smoothing = 0.2", "label_smoothing is for recipes of pairs"),
    ],
)
def test_a_recipe_that_cannot_be_is_refused(tmp_path: Path, was: str, now: str, where: str) -> None:
    (tmp_path / "r.toml").write_text(RECIPE.replace(was, now), encoding="utf-8")
    with pytest.raises(ValidationError, match=where):
        load_any(tmp_path / "r.toml")


def loud(model: SeriesModel) -> SeriesModel:
    generator = np.random.default_rng(7)
    for variable in model.weights:
        variable.assign(generator.normal(0.0, 0.5, variable.shape).astype(np.float32))
    return model


def step_by_step(model: SeriesModel, values: NDArray[Any], mask: NDArray[Any]) -> NDArray[Any]:
    tensors = model.encode({"values": ops.convert_to_tensor(values), "mask": mask})
    value = ops.zeros((len(values), model.features[1]))
    found = []
    for _ in range(model.steps):
        out = model.step({**tensors, "value": value})
        value = out.pop("value")
        found.append(ops.convert_to_numpy(value))
        tensors = out
    return np.stack(found, axis=1)


@pytest.mark.parametrize("cell", CELLS)
def test_serving_steps_as_training_does_whatever_the_padding(cell: str) -> None:
    model = loud(SeriesModel(cell, 5, 4, features=(2, 3)))
    generator = np.random.default_rng(5)
    values = generator.normal(0, 1, (3, 6, 2)).astype(np.float32)
    mask = np.arange(6)[None, :] < np.array([[6], [3], [1]])
    at_once = ops.convert_to_numpy(model((values, mask)))
    assert at_once.shape == (3, 4, 3)
    np.testing.assert_allclose(step_by_step(model, values, mask), at_once, atol=1e-5)
    poisoned = np.where(mask[:, :, None], values, 1e3).astype(np.float32)
    np.testing.assert_allclose(step_by_step(model, poisoned, mask), at_once, atol=1e-5)
    nothing = step_by_step(model, values, np.zeros_like(mask))
    assert np.isfinite(nothing).all()


def test_the_tutorials_network_has_its_size() -> None:
    assert SeriesModel("lstm", 75, 24).count_params() == 46_276


@pytest.fixture
def run(recipe: SeriesRecipe, in_process: Callable[..., None]) -> Callable[..., None]:
    """Return what runs a program where `recipe` has written its file."""
    return in_process


def test_one_command_goes_from_formulas_to_an_artifact_with_its_pictures(
    run: Callable[..., Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    train = ("--recipe", "tiny-series.toml", "--out", "models")
    run(scripts.train.main, *train)
    artifact = open_artifact(tmp_path / "models/tiny-series/1")
    manifest = artifact.manifest
    assert (manifest.task, manifest.source_kind, manifest.target_kind) == (
        "generate",
        "series",
        "series",
    )
    assert (manifest.limits.min_source, manifest.limits.max_source) == (5, 5)
    assert [metric.name for metric in manifest.metrics] == ["mae", "largest-error"]
    assert [golden.tolerance for golden in manifest.golden] == [1e-4, 1e-4]
    card = (artifact.folder / "README.md").read_text(encoding="utf-8")
    for picture in ("predictions.png", "curve.png"):
        assert f"({picture})" in card
        assert (artifact.folder / picture).read_bytes()[:4] == b"\x89PNG"
    assert check(artifact.folder)

    capsys.readouterr()
    run(scripts.evaluate.main, str(artifact.folder), "--recipe", "tiny-series.toml")
    said = capsys.readouterr().out
    assert "sine to cosine" in said
    assert "7 windows of 5 points, between those of training, seed 1" in said

    run(scripts.train.main, *train, "--resume", "--epochs", "2", "--no-export")
    with pytest.raises(SystemExit, match="leave --init out"):
        run(scripts.train.main, *train, "--replace", "--run", "runs/b", "--init", "models")


def test_numbers_agree_within_their_tolerance_and_nothing_else_does() -> None:
    assert agree([1.0, [2.0]], [1.0, [2.00009]], 1e-4)
    assert not agree([1.0, 2.0], [1.0, 2.1], 1e-4)
    assert not agree([1.0], [1.0, 2.0], 1.0)
    assert agree([["four", 0.9]], [["four", 0.90001]], 1e-4)
    assert not agree([["four", 0.9]], [["one", 0.9]], 1.0)
    assert agree("un deux", "un deux", 0.0)
