"""Recipes of every kind."""

from __future__ import annotations

from pathlib import Path

from scripts.training.config import Recipe, load_recipe, read_keys
from scripts.training.labels.config import TASKS, LabelRecipe
from scripts.training.series.config import TASK, SeriesRecipe

AnyRecipe = Recipe | SeriesRecipe | LabelRecipe


def load_any(path: Path) -> AnyRecipe:
    """Read a recipe of any task.

    Raises:
        OSError, tomllib.TOMLDecodeError, ValueError: as `load_recipe` does.
    """
    keys = read_keys(path)
    if keys.get("task") == TASK:
        return SeriesRecipe.model_validate(keys)
    return LabelRecipe.model_validate(keys) if keys.get("task") in TASKS else load_recipe(path)
