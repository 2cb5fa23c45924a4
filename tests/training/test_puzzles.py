"""Puzzles: the rules, what is held out, what is counted, and the whole path to an artifact."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import Any

import pytest
from pydantic import ValidationError

import scripts.evaluate
import scripts.experiments
import scripts.train
from app.artifacts.store import open_artifact
from app.text.normalizer import normalize
from scripts.training.batches import few_shapes
from scripts.training.config import EvaluationSet, load_recipe
from scripts.training.exact import score_exact
from scripts.training.experiments import (
    CONDITIONINGS,
    compare_conditionings,
    figures,
    small_recipes,
)
from scripts.training.items import Item
from scripts.training.pairs import write_table
from scripts.training.puzzles.dates import FORMATS, write
from scripts.training.puzzles.heldout import held_out
from scripts.training.puzzles.pairs import examples, puzzle_pairs, split_of, vocabulary
from scripts.training.puzzles.piglatin import pig_latin
from scripts.training.puzzles.rules import DRAWN
from scripts.verify_artifact import check
from tests.fakes.tiny import tiny_recipe

RECIPES = Path(__file__).parents[2] / "scripts/recipes"
CORPUS = {
    "path": "pairs.tsv",
    "source": "en",
    "target": "fr",
    "licence": "CC-BY",
    "commercial_use": True,
    "attribution": "us",
}
TINY = """
name = "tiny-puzzle"
task = "generate"
summary = "Turns digits round; for tests"
limits = "Knows very little."

[data]
source_language = "zxx"
target_language = "zxx"
max_source = 4
max_target = 4

[data.puzzle]
rule = "reverse"
examples = 60
shortest = 1
longest = 3
apart = [3]
validated = 0.2

[tokenizer]
kind = "word"
vocabulary = 16

[model]
embedding = 8
dropout = 0.0

[encoder]
kind = "recurrent"
cell = "gru"
layers = 1
units = 8

[decoder]
cell = "gru"
units = 8

[fit]
epochs = 1
batch_tokens = 64
warmup_steps = 2

[evaluate]
metrics = ["exact"]
golden = ["1 2 3", "7"]
"""


def made(rule: str, count: int = 300, length: int = 3) -> list[tuple[str, str]]:
    """Return pairs of a rule, all from one seed."""
    random = Random(7)
    found = [DRAWN[rule](random, length) for _ in range(count)]
    return [(one.source, one.target) for one in found]


def test_numbers_are_spelt_as_in_english() -> None:
    words = dict(
        pair
        for source, target in made("spell")
        for pair in zip(source.split(), target.split(), strict=True)
    )
    assert len(words) == 25
    assert [words[number] for number in ("1", "12", "20", "21", "25")] == [
        *("one", "twelve", "twenty", "twenty-one", "twenty-five")
    ]


def test_rows_of_digits_are_turned_round_or_sorted() -> None:
    for source, target in made("reverse", length=20):
        assert target == source[::-1]
        assert re.fullmatch(r"\d( \d){19}", source)
    for source, target in made("sort", length=10):
        assert target.split() == sorted(source.split())


def test_sums_are_right_and_as_long_as_asked_for() -> None:
    pairs = made("add")
    for source, target in pairs:
        first, second = source.split("+")
        assert int(first) + int(second) == int(target)
        assert max(len(first), len(second)) == 3
        assert source == f"{int(first)}+{int(second)}"
    assert {len(source.split("+")[0]) for source, _ in pairs} == {1, 2, 3}


MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]


def understood(text: str) -> str:
    """Read a date by the stated rules: with slashes the month comes first, with dots the day."""
    if re.fullmatch(r"\d{8}", text):
        return f"{text[:4]}-{text[4:6]}-{text[6:]}"
    numbers = [int(number) for number in re.findall(r"\d+", text)]
    letters = re.search("|".join(MONTHS), re.sub(r"\w*day\b|\b(mon|sat|sun)\b", "", text.lower()))
    if letters:
        month = MONTHS.index(letters[0]) + 1
        year, day = max(numbers), min(numbers)
    elif "." in text:
        day, month, year = numbers
    elif numbers[0] > 31:
        year, month, day = numbers
    else:
        month, day, year = numbers
    return date(year, month, day).isoformat()


def test_every_date_means_one_day_by_the_stated_rules() -> None:
    for source, target in made("date", 3000):
        assert understood(source) == target
        assert "1900-01-01" <= target <= "2099-12-31"


def test_dates_come_in_every_form_with_the_right_weekday() -> None:
    day = date(1979, 2, 3)
    written = [write(day, form) for form in FORMATS]
    assert len(set(written)) == len(FORMATS)
    assert {"3 Feb 1979", "2/3/1979", "3.2.1979", "Saturday the 3rd of February 1979"} <= set(
        written
    )
    assert {understood(text) for text in written} == {"1979-02-03"}


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("apple", "appleway"),
        ("pig", "igpay"),
        ("string", "ingstray"),
        ("quick", "ickquay"),
        ("squeal", "ealsquay"),
        ("yellow", "ellowyay"),
        ("my", "ymay"),
        ("rhythm", "ythmrhay"),
        ("a", "away"),
        ("tv", "tvay"),
        ("qu", "quay"),
    ],
)
def test_pig_latin_follows_its_rule(word: str, said: str) -> None:
    assert pig_latin(word) == said


@pytest.mark.parametrize("rule", DRAWN)
def test_nothing_that_is_measured_was_trained_on(rule: str) -> None:
    puzzle = {"rule": rule, "examples": 2000, "shortest": 2, "longest": 4}
    data = tiny_recipe(task="generate", data={"puzzle": puzzle}).data
    assert data.puzzle is not None
    splits = {
        split: examples(data.puzzle, data, Path("nowhere"), split)
        for split in ("train", "val", "test")
    }
    keys = {split: {one.key for one in found} for split, found in splits.items()}
    assert keys["train"].isdisjoint(keys["val"] | keys["test"])
    assert keys["val"].isdisjoint(keys["test"])
    every = [one.source for found in splits.values() for one in found]
    assert len(set(every)) == len(every)
    assert 0.06 < len(splits["test"]) / len(every) < 0.14
    assert splits["test"] == examples(data.puzzle, data, Path("nowhere"), "test")
    assert all(normalize(one.source) == one.source for one in splits["train"])
    assert all(normalize(one.target) == one.target for one in splits["train"])


def test_a_sum_and_an_order_of_digits_are_held_out_in_all_their_forms() -> None:
    random = Random(7)
    sums = [DRAWN["add"](random, 1) for _ in range(2000)]
    assert {one.key for one in sums if one.source in ("3+4", "4+3")} == {"3+4"}
    rows = [DRAWN["sort"](random, 2) for _ in range(2000)]
    assert {one.key for one in rows if one.source in ("1 2", "2 1")} == {"1 2"}


def test_words_are_those_of_the_training_sentences(tmp_path: Path) -> None:
    rows = [
        ("train", "Don't Stop me, pig!", "-"),
        ("train", "A café; pig B2 e-mail", "-"),
        ("test", "unseen", "-"),
    ]
    write_table(tmp_path / "pairs.tsv", ["split", "en", "fr"], rows)
    recipe = tiny_recipe(
        task="generate", data={"puzzle": {"rule": "pig-latin"}, "corpora": [CORPUS]}
    )
    assert vocabulary(tmp_path, recipe.data.corpora) == ["a", "me", "pig", "stop"]
    assert recipe.data.puzzle is not None
    pairs = [
        (pair.source, pair.target)
        for split in ("train", "val", "test")
        for pair in puzzle_pairs(recipe.data.puzzle, recipe.data, tmp_path, split)
    ]
    assert sorted(pairs)[-2:] == [("pig", "igpay"), ("stop", "opstay")]
    assert len(pairs) == 4


def test_another_seed_holds_out_others() -> None:
    def section(seed: int) -> Any:
        data = {"puzzle": {"rule": "reverse", "seed": seed}}
        return tiny_recipe(task="generate", data=data).data.puzzle

    keys = [str(number) for number in range(1000)]
    first, again, other = ([split_of(key, section(seed)) for key in keys] for seed in (1, 1, 2))
    assert first == again
    assert first != other


@pytest.mark.parametrize(
    ("data", "task", "where"),
    [
        ({"puzzle": {"rule": "chess"}}, "generate", "there is no rule 'chess'"),
        ({"puzzle": {"rule": "add", "shortest": 3}}, "generate", "above data.puzzle.longest"),
        ({"puzzle": {"rule": "add"}}, "translate", "of the task `generate`"),
        ({"puzzle": {"rule": "pig-latin"}}, "generate", "needs data.corpora"),
        ({"puzzle": {"rule": "add"}, "corpora": [CORPUS]}, "generate", "takes nothing"),
        ({"puzzle": {"rule": "add", "digits": 3}}, "generate", "data.puzzle.digits"),
    ],
)
def test_a_puzzle_that_cannot_be_is_refused(data: dict[str, Any], task: str, where: str) -> None:
    with pytest.raises(ValidationError, match=where):
        tiny_recipe(task=task, data=data)


def test_only_what_is_whole_and_equal_is_exact() -> None:
    about = EvaluationSet(name="add", path="", source="", target="")
    items = [Item("1+1", ("2",), ("length-1",)), Item("9+9", ("18",)), Item("4+4", ("8",))]
    found = score_exact(items, ["2", "1", "8"], about, "greedy")
    assert [(one.name, one.dataset, one.value, one.signature) for one in found] == [
        ("exact", "add", 66.66, "n:3"),
        ("exact", "add-length-1", 100.0, "n:1"),
    ]


def test_a_few_shapes_hold_every_pair() -> None:
    pairs = [([4] * length, [4] * length) for length in range(1, 21) for _ in range(5)]
    assert few_shapes(pairs) == {(14, 14), (24, 24)}
    assert few_shapes([([4] * 5, [4] * 5)]) == {(6, 6)}


def test_the_four_conditionings_differ_in_nothing_else() -> None:
    recipes = {way: load_recipe(RECIPES / f"{name}.toml") for way, name in CONDITIONINGS.items()}
    assert {way: recipe.decoder.conditioning for way, recipe in recipes.items()} == {
        way: way for way in CONDITIONINGS
    }
    rest = [
        recipe.model_dump(
            exclude={"name": True, "summary": True, "decoder": {"conditioning", "attention"}}
        )
        for recipe in recipes.values()
    ]
    assert rest[1:] == rest[:-1]


def test_small_recipes_are_those_of_series_and_puzzles() -> None:
    names = {path.stem for path in small_recipes(RECIPES)}
    assert {"series-damped", "pig-latin", "numbers-to-words-peek"} <= names
    assert "translate-en-fr" not in names


@pytest.fixture
def run(tmp_path: Path, in_process: Callable[..., None]) -> Callable[..., None]:
    """Return what runs a program where the recipe is."""
    (tmp_path / "tiny-puzzle.toml").write_text(TINY, encoding="utf-8")
    return in_process


def test_one_command_goes_from_a_rule_to_an_artifact_with_its_picture(
    run: Callable[..., Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(scripts.train.main, "--recipe", "tiny-puzzle.toml", "--out", "models")
    artifact = open_artifact(tmp_path / "models/tiny-puzzle/1")
    manifest = artifact.manifest
    assert (manifest.task, manifest.source_kind, manifest.target_kind) == (
        "generate",
        "text",
        "text",
    )
    assert [(one.dataset, one.decoding) for one in manifest.metrics] == [
        ("reverse", "greedy"),
        ("reverse-length-3", "greedy"),
        ("reverse", "beam 4"),
        ("reverse-length-3", "beam 4"),
    ]
    assert {metric.name for metric in manifest.metrics} == {"exact"}
    assert manifest.licences[0].licence == "CC0-1.0"
    assert "--data" not in manifest.training.command
    assert re.fullmatch(r"exact [\d.]+ % of \d+, length-3 [\d.]+ % of \d+", figures(manifest))
    card = (artifact.folder / "README.md").read_text(encoding="utf-8")
    assert "(attention.png)" in card
    assert (artifact.folder / "attention.png").read_bytes()[:4] == b"\x89PNG"
    assert check(artifact.folder)

    capsys.readouterr()
    evaluate = (str(artifact.folder), "--recipe", "tiny-puzzle.toml", "--json", "figures.json")
    run(scripts.evaluate.main, *evaluate)
    again = json.loads((tmp_path / "figures.json").read_text(encoding="utf-8"))
    assert again == [one.model_dump(mode="json") for one in manifest.metrics]
    run(scripts.evaluate.main, *evaluate[:3], "--show", "2")
    recipe = load_recipe(tmp_path / "tiny-puzzle.toml")
    ((_, items),) = held_out(recipe, tmp_path)
    assert f"| {items[0].source} | {items[0].references[0]} |" in capsys.readouterr().out


def result(history: list[dict[str, float]]) -> Any:
    """Return what is read of a manifest for the picture and the table."""
    about = EvaluationSet(name="spell", path="", source="", target="")
    metrics = score_exact(
        [Item("1", ("one",)), Item("2", ("two",))], ["one", "to"], about, "greedy"
    )
    return SimpleNamespace(metrics=metrics, training=SimpleNamespace(history=history))


def test_the_conditionings_are_drawn_once_all_four_are_there(tmp_path: Path) -> None:
    history = [{"step": step, "train": 1.0 / step, "validation": 2.0 / step} for step in (1, 2)]
    made = {name: result(history) for name in CONDITIONINGS.values()}
    assert figures(made["numbers-to-words"]) == "exact 50 % of 2"
    compare_conditionings({"numbers-to-words": made["numbers-to-words"]}, tmp_path / "some.png")
    compare_conditionings(made, tmp_path / "all.png")
    assert [path.name for path in tmp_path.iterdir()] == ["all.png"]


def test_experiments_tell_what_was_reached_and_what_failed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    trained = {"add-numbers": result([]), "pig-latin": None}
    monkeypatch.setattr("scripts.experiments._train", lambda path, *_: trained[path.stem])
    monkeypatch.setattr(sys, "argv", ["experiments.py", *trained, "--out", str(tmp_path)])
    assert scripts.experiments.main() == 1
    assert capsys.readouterr().out.splitlines()[2:] == [
        "| add-numbers | exact 50 % of 2 | 0 | 0 |",
        "| pig-latin | failed | 0 | 0 |",
    ]
    monkeypatch.setattr(sys, "argv", ["experiments.py", "translate-en-fr"])
    with pytest.raises(SystemExit, match="no small recipe: translate-en-fr"):
        scripts.experiments.main()
