"""Figures are those of the splits that were asked for."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import scripts.evaluate
from app.artifacts.store import Artifact
from scripts.training.config import load_recipe
from scripts.training.evaluate import draw_golden
from tests.fakes.toy_artifact import write_toy_artifact
from tests.training.test_recipe import MINIMAL

SPLIT = "split\ten\tfr\ntest\tone\tun\ntest_b\ttwo\tdeux\nval\tone two\tun deux\n"
WHOLE = "en\tfr\nthree\ttrois\n"
SETS = """
[[evaluate.sets]]
name = "first"
path = "split.tsv"
source = "en"
target = "fr"
[[evaluate.sets]]
name = "second"
path = "split.tsv"
split = "test_b"
source = "en"
target = "fr"
[[evaluate.sets]]
name = "whole"
path = "whole.tsv"
source = "en"
target = "fr"
"""


@pytest.fixture(scope="module")
def toy(tmp_path_factory: pytest.TempPathFactory) -> Artifact:
    return write_toy_artifact(tmp_path_factory.mktemp("models"))


@pytest.fixture
def evaluate(
    toy: Artifact, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., list[dict[str, Any]]]:
    """Return what runs the command with more options, and gives the figures that it wrote."""
    (tmp_path / "recipe.toml").write_text(MINIMAL + SETS, encoding="utf-8")
    (tmp_path / "split.tsv").write_text(SPLIT, encoding="utf-8")
    (tmp_path / "whole.tsv").write_text(WHOLE, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    least = ["evaluate", str(toy.folder), "--recipe", "recipe.toml", "--data", "."]

    def run(*options: str) -> list[dict[str, Any]]:
        monkeypatch.setattr("sys.argv", [*least, "--json", "figures.json", *options])
        scripts.evaluate.main()
        figures: list[dict[str, Any]] = json.loads(Path("figures.json").read_text("utf-8"))
        return figures

    return run


def measured(figures: list[dict[str, Any]]) -> set[tuple[str, str]]:
    return {(figure["dataset"], figure["split"]) for figure in figures}


def test_every_set_has_the_split_of_the_recipe(
    evaluate: Callable[..., list[dict[str, Any]]],
) -> None:
    assert measured(evaluate()) == {("first", "test"), ("second", "test_b"), ("whole", "test")}


def test_another_split_is_measured_once_and_only_where_there_is_one(
    evaluate: Callable[..., list[dict[str, Any]]], capsys: pytest.CaptureFixture[str]
) -> None:
    figures = evaluate("--split", "val")
    assert measured(figures) == {("first", "val")}
    assert {figure["decoding"] for figure in figures} == {"greedy", "beam 4"}
    assert "whole.tsv has no split 'val': whole has no figures" in capsys.readouterr().out


def test_series_have_no_splits(evaluate: Callable[..., list[dict[str, Any]]]) -> None:
    recipe = Path(scripts.evaluate.__file__).parent / "recipes/series-damped.toml"
    with pytest.raises(SystemExit, match="leave --split out"):
        evaluate("--recipe", str(recipe), "--split", "val")


def test_bleu_by_length_is_told_and_drawn_beside_where_it_looks(
    toy: Artifact,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    recipe = MINIMAL.replace('golden = ["abc"]', 'golden = ["one two"]') + SETS
    (tmp_path / "recipe.toml").write_text(recipe, encoding="utf-8")
    (tmp_path / "split.tsv").write_text(
        "split\ten\tfr\ntest\tone two three four five\tun deux trois quatre cinq\ntest\ttwo\tdix\n",
        encoding="utf-8",
    )
    options = ["--recipe", "recipe.toml", "--data", ".", "--pictures", "drawn"]
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["evaluate", str(toy.folder), *options])
    scripts.evaluate.main()
    told = capsys.readouterr().out
    assert "| first | 1-4 | 1 | 0.0 |\n| first | 5-6 | 1 | 100.0 |\n" in told
    assert {path.name for path in Path("drawn").iterdir()} == {
        "tiny-lengths.png",
        "tiny-attention.png",
    }


def test_a_model_that_writes_nothing_yet_has_no_picture_of_where_it_looks(
    evaluate: Callable[..., list[dict[str, Any]]], toy: Artifact, tmp_path: Path
) -> None:
    recipe = load_recipe(tmp_path / "recipe.toml")
    assert recipe.evaluate.golden == ("abc",)
    assert not draw_golden(toy, recipe, tmp_path / "looks.png")
    assert not (tmp_path / "looks.png").exists()


def test_pictures_of_a_model_that_does_not_translate_are_refused(
    toy: Artifact, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "recipe.toml").write_text(
        MINIMAL.replace('task = "translate"', 'task = "summarize"'), encoding="utf-8"
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(
        "sys.argv", ["evaluate", str(toy.folder), "--recipe", "recipe.toml", "--pictures", "drawn"]
    )
    with pytest.raises(SystemExit, match="leave --pictures out"):
        scripts.evaluate.main()
