"""The table of labels goes on where it was, and keeps nothing that hangs on another recipe."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import scripts.sentiment
from scripts.training.labels import fitting
from scripts.training.labels.data import LabelledTexts
from scripts.training.labels.results import Result, missing, table, write_result
from scripts.training.labels.rows import Row, Wanted, load_labels, make_rows
from scripts.training.labels.stages import make_vocabulary
from scripts.training.run import write_facts
from tests.fakes.reviews import recipe_of, write_reviews

pytestmark = pytest.mark.usefixtures("uncompiled")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with tables and recipes."""
    return write_reviews(tmp_path)


def test_rows_differ_in_what_they_say_and_in_nothing_else(folder: Path) -> None:
    rows = {row.name: row for row in make_rows(3)}
    assert len(rows) == 14
    first, *others = rows["imdb-joint-gain"].fits(folder)
    assert (first.name, first.reader, others) == ("imdb-joint-gain-1-0", None, [])
    assert (first.recipe.classify.joint, first.recipe.classify.learnt) == (0.2, "gain")
    same = [wanted.recipe for wanted in rows["imdb-random-gain"].fits(folder)]
    begun = list(rows["imdb-lm-gain"].fits(folder))
    assert same == [wanted.recipe for wanted in begun]
    assert {wanted.reader for wanted in begun} == {load_labels(folder / "reviews-lm.toml")}
    assert [recipe.fit.seed for recipe in same] == [1, 2, 3]
    folds = [wanted.recipe for wanted in rows["rotten-tomatoes-sa-last"].fits(folder)]
    assert [recipe.labelled.fold for recipe in folds] == [0, 1]


def test_a_table_goes_on_where_it_was_interrupted(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = Row("rotten-tomatoes", "random", "gain", (1, 2))
    backend = make_vocabulary(next(row.fits(folder)).recipe, folder)
    out, results = folder / "out", folder / "out/results"
    done: list[tuple[int, int]] = []
    fit_once = fitting.fit_once

    def counts(wanted: Wanted, *rest: Any) -> Any:
        done.append((wanted.recipe.fit.seed, wanted.recipe.labelled.fold))
        return fit_once(wanted, *rest)

    def breaks(wanted: Wanted, *rest: Any) -> Any:
        if len(done) == 1:
            raise KeyboardInterrupt
        return counts(wanted, *rest)

    monkeypatch.setattr(fitting, "fit_once", breaks)
    with pytest.raises(KeyboardInterrupt):
        fitting.fit_row(row, folder, folder, out, backend, None)
    assert missing(row, folder, results) == 3
    assert table([row], folder, results)[2].endswith("|  | 1 of 4 fits |")
    kept = (results / "rotten-tomatoes-random-gain-1-0.json").read_bytes()

    monkeypatch.setattr(fitting, "fit_once", counts)
    fitting.fit_row(row, folder, folder, out, backend, None)
    assert done == [(1, 0), (1, 1), (2, 0), (2, 1)]
    assert (results / "rotten-tomatoes-random-gain-1-0.json").read_bytes() == kept
    assert missing(row, folder, results) == 0
    assert "2 seeds)" in table([row], folder, results)[2]
    assert not list((out / "fits").iterdir())

    other = (folder / "sentiment-imdb.toml").read_text(encoding="utf-8")
    longer = other.replace("batch_tokens = 128", "batch_tokens = 64")
    (folder / "sentiment-imdb.toml").write_text(longer, encoding="utf-8")
    assert missing(row, folder, results) == 4  # results of other recipes are none


def test_a_reader_of_another_recipe_makes_results_stale_that_began_with_it(folder: Path) -> None:
    rows = [Row("imdb", start, "gain", (1,)) for start in ("random", "sa")]
    for row in rows:
        (wanted,) = row.fits(folder)
        found = Result(
            error=1.0,
            validation=1.0,
            steps=1,
            seconds=1.0,
            recipe=wanted.recipe,
            reader=wanted.reader,
        )
        write_result(folder, wanted.name, found)
    assert [missing(row, folder, folder) for row in rows] == [0, 0]
    with (folder / "reviews-sa.toml").open("a") as recipe:
        recipe.write("\n[fit]\nlearning_rate = 0.5\n")
    assert [missing(row, folder, folder) for row in rows] == [0, 1]


def test_a_reader_of_another_recipe_is_not_begun_with(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = recipe_of(folder, "reviews-lm", fit={"learning_rate": 0.5})
    run = folder / "out/runs/reviews-lm"
    run.mkdir(parents=True)
    write_facts(run, recipe, "train.py", resumed=False)
    command = ["sentiment.py", "imdb-lm-gain", "--recipes", str(folder), "--data", str(folder)]
    monkeypatch.setattr(sys, "argv", [*command, "--out", str(folder / "out")])
    with pytest.raises(SystemExit, match=r"made by another reviews-lm\.toml: delete it"):
        scripts.sentiment.main()


def test_an_interrupted_fit_goes_on_from_its_checkpoint(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = recipe_of(folder, "sentiment-imdb", fit={"epochs": 2, "checkpoint_minutes": 1e-9})
    backend = make_vocabulary(recipe, folder)
    wanted = Wanted("imdb", recipe, None)
    whole = fitting.fit_once(wanted, folder, folder / "whole", backend, None)
    batches = LabelledTexts.epoch_batches

    def interrupted(self: LabelledTexts, epoch: int) -> Iterator[Any]:
        for place, batch in enumerate(batches(self, epoch)):
            if (epoch, place) == (1, 1):
                raise KeyboardInterrupt
            yield batch

    monkeypatch.setattr(LabelledTexts, "epoch_batches", interrupted)
    with pytest.raises(KeyboardInterrupt):
        fitting.fit_once(wanted, folder, folder / "parts", backend, None)
    monkeypatch.setattr(LabelledTexts, "epoch_batches", batches)
    shutil.copytree(folder / "parts", folder / "others")
    resumed = fitting.fit_once(wanted, folder, folder / "parts", backend, None)
    assert (resumed.error, resumed.steps) == (whole.error, whole.steps)
    assert not (folder / "parts").exists()
    slower = Wanted("imdb", recipe_of(folder, "sentiment-imdb"), None)
    anew = fitting.fit_once(slower, folder, folder / "others", backend, None)
    assert anew.steps < whole.steps
    assert anew.recipe == slower.recipe
