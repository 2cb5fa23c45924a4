"""Variants are compared on the same pairs, each is trained once, and long sentences are enough."""

from __future__ import annotations

import gzip
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import scripts.compare
from app.artifacts.store import open_artifact
from scripts.training.comparison.result import Result, keep, kept, results_table
from scripts.training.comparison.subset import COMPARED, choose_subset
from scripts.training.comparison.variants import BASE, VARIANTS, write_variant
from scripts.training.config import load_recipe
from scripts.training.items import Item
from scripts.training.lengths import ALL, BINS, Score, bin_of, score_by_length, words
from scripts.training.model.attention import ATTENTIONS
from scripts.training.model.cells import CELLS
from scripts.training.pairs import Pair
from tests.fakes.programs import runner

NUMBERS = ("one", "two", "three", "four", "five", "six", "seven", "eight")
TINY = """
[data]
max_source = 64
[tokenizer]
kind = "word"
[model]
embedding = 4
[encoder]
units = 4
[decoder]
units = 4
[fit]
epochs = 1
batch_tokens = 64
validate_every = 5
[evaluate]
golden = ["one two"]
"""


def pairs_of(lengths: dict[int, int]) -> list[Pair]:
    """Return so many pairs of each length in words, all sources distinct."""
    return [
        Pair(" ".join([f"w{place}", *["and"] * (length - 1)]), f"v{place}")
        for length, count in lengths.items()
        for place in range(count)
    ]


def test_the_subset_is_the_same_for_the_same_seed() -> None:
    pairs = pairs_of({3: 50, 6: 50, 18: 20})
    first = choose_subset(pairs, 30, 4, seed=1)
    assert choose_subset(pairs, 30, 4, seed=1) == first
    assert choose_subset(pairs, 30, 4, seed=2) != first


def test_long_sentences_are_kept_and_each_bin_is_measured() -> None:
    subset = choose_subset(pairs_of({3: 500, 6: 300, 18: 40, 21: 9}), 200, 8, seed=1)
    assert Counter(words(pair.source) for pair in subset.train) == {3: 84, 6: 84, 18: 32}
    assert Counter(words(pair.source) for pair in subset.test) == {3: 8, 6: 8, 18: 8}


def test_at_most_a_quarter_of_a_bin_is_held_out() -> None:
    subset = choose_subset(pairs_of({18: 20}), 200, 8, seed=1)
    assert (len(subset.train), len(subset.test)) == (15, 5)


def test_nothing_measured_was_trained_on_in_another_translation() -> None:
    pairs = [
        Pair(pair.source, f"{pair.target} {way}") for way in "ab" for pair in pairs_of({3: 40})
    ]
    subset = choose_subset(pairs, 1000, 8, seed=1)
    trained, measured = ({p.source for p in part} for part in (subset.train, subset.test))
    assert not trained & measured
    assert (len(subset.train), len(subset.test)) == (64, 8)
    assert all(pair.target.endswith(" a") for pair in subset.test)


def test_every_length_is_in_one_bin() -> None:
    for bins, last in ((BINS, 100), (COMPARED, 20)):
        found = [bin_of(" ".join(["w"] * length), bins) for length in range(1, last + 1)]
        assert list(dict.fromkeys(found)) == list(bins)
    assert bin_of(" ".join(["w"] * 21), COMPARED) is None
    assert [str(one) for one in BINS] == ["1-4", "5-6", "7-8", "9-11", "12-14", "15+"]


def test_bleu_is_told_by_length_against_first_references() -> None:
    short, long = "a b c d", "a b c d e f g h i"
    items = [Item(short, (short, "z")), Item(long, ("z", long)), Item(short, ("b a d c",))]
    right = [short, long, "b a d c"]
    assert score_by_length(items, right) == [Score("1-4", 2, 100.0), Score("9-11", 1, 0.0)]
    (overall,) = score_by_length(items, right, ALL)
    assert overall.count == 3
    assert 0.0 < overall.bleu < 100.0


@pytest.mark.parametrize("name", VARIANTS)
def test_a_variant_differs_in_what_it_says_alone(name: str, tmp_path: Path) -> None:
    recipe = load_recipe(write_variant(name, tmp_path)).model_dump()
    expected = load_recipe(BASE).model_dump() | {"name": f"compare-{name}"}
    for section, keys in VARIANTS[name].items():
        expected[section] |= keys
    assert recipe == expected


def test_every_attention_and_every_cell_is_compared(tmp_path: Path) -> None:
    recipes = [load_recipe(write_variant(name, tmp_path)) for name in VARIANTS]
    attentions = {recipe.decoder.attention for recipe in recipes}
    assert attentions == {*ATTENTIONS, "multi-head", "none"}
    assert {recipe.decoder.cell for recipe in recipes} == set(CELLS)


def result(bleu: float) -> Result:
    return Result(
        recipe=load_recipe(BASE),
        table="abc",
        parameters=1234,
        work=56.7,
        history=({"step": 1, "train": 2.0, "validation": 1.0},),
        overall=Score("1+", 30, bleu),
        scores=(Score("1-4", 10, bleu), Score("5-6", 20, bleu / 2)),
    )


def test_a_result_is_kept_for_the_recipe_and_the_table_that_it_is_of(tmp_path: Path) -> None:
    path, recipe = tmp_path / "results/general.json", load_recipe(BASE)
    assert kept(path, recipe, "abc") is None
    keep(path, result(12.0))
    assert kept(path, recipe, "abc") == result(12.0)
    assert kept(path, recipe, "other") is None
    longer = recipe.fit.model_copy(update={"epochs": recipe.fit.epochs + 1})
    assert kept(path, recipe.model_copy(update={"fit": longer}), "abc") is None
    path.write_text('{"half": ', encoding="utf-8")
    assert kept(path, recipe, "abc") is None


def test_the_table_has_a_row_for_each_variant_and_ratios_of_speed() -> None:
    found = {"feedback": result(8.0), "general": result(12.0)}
    assert results_table(found, {"feedback": 3000.0, "general": 2000.0}) == [
        "| variant | parameters | BLEU of 30 | 1-4 words, 10 | 5-6 words, 20 "
        "| training, s | tokens/s | … of general |",
        "|---|---|---|---|---|---|---|---|",
        "| feedback | 1,234 | 8.0 | 8.0 | 4.0 | 57 | 3,000 | 1.50 |",
        "| general | 1,234 | 12.0 | 12.0 | 6.0 | 57 | 2,000 | 1.00 |",
    ]
    del found["general"]
    assert results_table(found, {"feedback": 3000.0})[-1].endswith("| 3,000 | – |")


@pytest.fixture
def compare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[list[str]]]:
    """Return what runs the command on two tiny variants, and gives the commands that it ran."""
    (tmp_path / "tiny.toml").write_text(f'base = "{BASE}"\n{TINY}', encoding="utf-8")
    table = tmp_path / "data/translation/tatoeba.en-fr.tsv.gz"
    table.parent.mkdir(parents=True)
    with gzip.open(table, "wt", encoding="utf-8") as file:
        print("split", "en", "fr", sep="\t", file=file)
        for place in range(80):
            text = " ".join(NUMBERS[(place // 3 + i * place) % 8] for i in range(place % 2 + 4))
            print("val" if place % 10 == 0 else "train", text, text.upper(), sep="\t", file=file)
    two = {name: VARIANTS[name] for name in ("feedback", "general")}
    monkeypatch.setattr("scripts.compare.VARIANTS", two)
    monkeypatch.setattr("scripts.compare.BASE", tmp_path / "tiny.toml")
    call = runner(tmp_path, monkeypatch)
    ran: list[list[str]] = []
    start = subprocess.run

    def noted(command: list[str], **options: Any) -> Any:
        ran.append(command)
        return start(command, **options)

    monkeypatch.setattr("subprocess.run", noted)

    def run(*arguments: str) -> list[list[str]]:
        ran.clear()
        call(scripts.compare.main, "--pictures", "pictures", *arguments)
        return list(ran)

    return run


def test_one_command_trains_each_variant_once_and_draws_them_beside_each_other(
    compare: Callable[..., list[list[str]]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert len(compare("general")) == 2  # trained, exported
    assert not (tmp_path / "pictures").exists()  # not all variants are there
    (ran, _export) = compare()
    assert any(one.endswith("compare-feedback.toml") for one in ran)
    capsys.readouterr()
    assert compare() == []
    lines = capsys.readouterr().out.splitlines()
    assert lines[:2] == ["feedback: trained already", "general: trained already"]
    assert [line.split(" | ")[0] for line in lines[4:]] == ["| feedback", "| general"]
    drawn = sorted((tmp_path / "pictures").iterdir())
    assert [path.name for path in drawn] == ["compare-lengths.png", "compare-losses.png"]
    assert all(path.read_bytes()[:4] == b"\x89PNG" for path in drawn)
    artifact = open_artifact(tmp_path / "runs/compare/models/compare-general/1")
    card = (artifact.folder / "README.md").read_text(encoding="utf-8")
    assert "(attention.png)" in card  # a translation's card shows where it looks
    assert (artifact.folder / "attention.png").read_bytes()[:4] == b"\x89PNG"
    unattended = open_artifact(tmp_path / "runs/compare/models/compare-feedback/1").folder
    assert "attention.png" not in (unattended / "README.md").read_text(encoding="utf-8")


def test_an_unknown_variant_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["compare.py", "hard"])
    with pytest.raises(SystemExit, match="no variant: hard; there is: feedback, peek"):
        scripts.compare.main()
