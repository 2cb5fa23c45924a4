"""What fits reached: kept one by one, so that a table goes on where it was, and printed."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from statistics import mean

from pydantic import BaseModel, ConfigDict

from scripts.training.card import markdown_table
from scripts.training.labels.config import LabelRecipe
from scripts.training.labels.rows import Row, Wanted

HEADER = ["begins with", "learnt at", "IMDB, error in %", "Rotten Tomatoes, error in %"]
STARTS = {
    "random": "random weights",
    "joint": "random weights, next word beside the label",
    "lm": "language model (LM-LSTM)",
    "sa": "sequence autoencoder (SA-LSTM)",
}
LEARNT = {"last": "the last word", "gain": "every word, linear gain"}


class Result(BaseModel):
    """One fit: how often it was wrong on `test` and on what chose its weights, in percent."""

    model_config = ConfigDict(frozen=True)

    error: float
    validation: float
    steps: int
    seconds: float
    recipe: LabelRecipe
    reader: LabelRecipe | None


def write_result(folder: Path, name: str, result: Result) -> None:
    """Write `folder`/`name`.json; it is there once it is whole."""
    folder.mkdir(parents=True, exist_ok=True)
    partial = folder / f"{name}.partial"
    partial.write_text(result.model_dump_json(indent=1), encoding="utf-8")
    partial.replace(folder / f"{name}.json")


def read_result(folder: Path, wanted: Wanted) -> Result | None:
    """Return what was written; None if that was nothing, or of other recipes."""
    path = folder / f"{wanted.name}.json"
    if not path.exists():
        return None
    written = json.loads(path.read_text(encoding="utf-8"))
    recipes = {"recipe": wanted.recipe, "reader": wanted.reader}
    same = all(
        written.get(name) == (recipe and recipe.model_dump(mode="json"))
        for name, recipe in recipes.items()
    )
    return Result.model_validate(written) if same else None


def missing(row: Row, recipes: Path, folder: Path) -> int:
    """Return how many fits of `row` have no result yet."""
    return sum(read_result(folder, wanted) is None for wanted in row.fits(recipes))


def table(rows: Sequence[Row], recipes: Path, folder: Path) -> list[str]:
    """Return the table as Markdown, each figure with its spread over seeds."""
    figures: dict[tuple[str, str], dict[str, str]] = defaultdict(dict)
    for row in rows:
        figures[row.start, row.learnt][row.corpus] = _figure(row, recipes, folder)
    lines = [
        [STARTS[start], LEARNT[learnt], found.get("imdb", ""), found.get("rotten-tomatoes", "")]
        for (start, learnt), found in figures.items()
    ]
    return markdown_table(HEADER, lines)


def _figure(row: Row, recipes: Path, folder: Path) -> str:
    """Return `12.31 (12.10 to 12.55, 3 seeds)`; a seed's error is the mean over its folds."""
    errors: dict[int, list[float]] = defaultdict(list)
    fits = tuple(row.fits(recipes))
    for wanted in fits:
        if result := read_result(folder, wanted):
            errors[wanted.recipe.fit.seed].append(result.error)
    done = sum(map(len, errors.values()))
    if done < len(fits):
        return f"{done} of {len(fits)} fits"
    each = [mean(found) for found in errors.values()]
    spread = f"{min(each):.2f} to {max(each):.2f}, " if len(each) > 1 else ""
    return f"{mean(each):.2f} ({spread}{len(each)} seed{'s' * (len(each) > 1)})"
