"""A run folder says how its weights were made, stage by stage."""

from __future__ import annotations

from pathlib import Path

import pytest

from scripts.training.config import Recipe
from scripts.training.run import load_run, write_facts
from tests.fakes.tiny import tiny_recipe

COMMAND = "python scripts/train.py --recipe tiny.toml"


def recipe(dropout: float, repeat: int) -> Recipe:
    """Return a recipe of one corpus."""
    corpus = {
        "path": "pairs.tsv",
        "source": "en",
        "target": "fr",
        "licence": "CC0",
        "commercial_use": True,
        "attribution": "us",
        "repeat": repeat,
    }
    return tiny_recipe(data={"corpora": [corpus]}, model={"dropout": dropout})


@pytest.mark.parametrize("resumed", [False, True])
def test_an_uninterrupted_or_merely_resumed_run_has_one_stage(
    tmp_path: Path, resumed: bool
) -> None:
    write_facts(tmp_path, recipe(0.1, 1), COMMAND, resumed=False)
    write_facts(tmp_path, recipe(0.1, 1), COMMAND, resumed=resumed)
    run = load_run(tmp_path)
    assert (run.recipe, run.command) == (recipe(0.1, 1), COMMAND)


def test_a_run_resumed_with_another_recipe_keeps_what_was_different_before(tmp_path: Path) -> None:
    write_facts(tmp_path, recipe(0.2, 1), COMMAND, resumed=False)
    write_facts(tmp_path, recipe(0.1, 1), COMMAND, resumed=True)
    write_facts(tmp_path, recipe(0.1, 3), COMMAND, resumed=True)
    run = load_run(tmp_path)
    assert run.recipe == recipe(0.1, 3)
    assert run.command.splitlines() == [
        f"{COMMAND}  # with model.dropout = 0.2",
        f"{COMMAND} --resume  # with data.corpora.0.repeat = 1",
        f"{COMMAND} --resume",
    ]


def test_a_run_from_other_weights_names_what_made_them_first(tmp_path: Path) -> None:
    first, last = "python scripts/train.py --recipe base.toml", f"{COMMAND} --init models/base/1"
    write_facts(tmp_path, recipe(0.1, 1), last, resumed=False, before=[first])
    write_facts(tmp_path, recipe(0.1, 1), last, resumed=True, before=[first])
    assert load_run(tmp_path).command.splitlines() == [first, last]
