"""What a puzzle is measured on: its examples of keys that no training has seen."""

from __future__ import annotations

from pathlib import Path

from scripts.training.config import EvaluationSet, Recipe
from scripts.training.items import Item
from scripts.training.puzzles.pairs import examples

SPLIT = "test"


def held_out(recipe: Recipe, folder: Path) -> list[tuple[EvaluationSet, list[Item]]]:
    """Return the set of a recipe's puzzle with its items, or nothing where it has no puzzle.

    Lengths that are to be told apart are parts of it, `length-10` say.
    """
    section = recipe.data.puzzle
    if section is None:
        return []
    items = [
        Item(
            one.source,
            (one.target,),
            (f"length-{one.length}",) if one.length in section.apart else (),
        )
        for one in examples(section, recipe.data, folder, SPLIT)
    ]
    return [(EvaluationSet(name=section.rule, path="", source="", target="", split=SPLIT), items)]
