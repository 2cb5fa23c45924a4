"""What is known of a variant: kept in a file, so that nothing is trained twice."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from scripts.training.card import markdown_table
from scripts.training.comparison.variants import UNATTENDED
from scripts.training.config import Recipe
from scripts.training.lengths import Score
from scripts.training.picture import draw_comparison, draw_lengths

REFERENCE = "general"  # speeds are told as ratios to this variant's, too


class Result(BaseModel):
    """A variant that has been trained and measured.

    Attributes:
        recipe: what made it.
        table: the checksum of the table that it was trained and measured on.
        parameters: how many it has.
        work: processor seconds of its training, compilation included.
        history: one row for each validation.
        overall: BLEU of all held-out sentences, greedily, against their first references.
        scores: the same by length.
    """

    model_config = ConfigDict(frozen=True)

    recipe: Recipe
    table: str
    parameters: int
    work: float
    history: tuple[dict[str, float], ...]
    overall: Score
    scores: tuple[Score, ...]


def kept(path: Path, recipe: Recipe, table: str) -> Result | None:
    """Return the result in the file, if there is one and it is of this recipe and table."""
    try:
        result = Result.model_validate_json(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValidationError):
        return None
    return result if (result.recipe, result.table) == (recipe, table) else None


def keep(path: Path, result: Result) -> None:
    """Write the file; it is there once it is whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.partial")
    partial.write_text(result.model_dump_json(indent=1), encoding="utf-8")
    partial.replace(path)


def results_table(results: Mapping[str, Result], speeds: Mapping[str, float]) -> list[str]:
    """Return the lines of a table with a row for each variant.

    `speeds` are in tokens a processor second.
    """
    first = next(iter(results.values()))
    reference = speeds.get(REFERENCE)
    header = ["variant", "parameters", f"BLEU of {first.overall.count:,}"]
    header += [f"{score.bin} words, {score.count}" for score in first.scores]
    header += ["training, s", "tokens/s", f"… of {REFERENCE}"]
    rows = []
    for name, one in results.items():
        row = [name, f"{one.parameters:,}", f"{one.overall.bleu:.1f}"]
        row += [f"{score.bleu:.1f}" for score in one.scores]
        row += [f"{one.work:,.0f}", f"{speeds[name]:,.0f}"]
        rows.append([*row, f"{speeds[name] / reference:.2f}" if reference else "–"])
    return markdown_table(header, rows)


def draw(results: Mapping[str, Result], folder: Path) -> None:
    """Draw BLEU by length and the losses of the variants, `compare-{lengths,losses}.png`."""
    folder.mkdir(parents=True, exist_ok=True)
    draw_lengths(
        {name: one.scores for name, one in results.items()},
        folder / "compare-lengths.png",
        "30,000 pairs, the same steps: BLEU by the source's length",
        dashed=UNATTENDED,
    )
    draw_comparison(
        {name: one.history for name, one in results.items()},
        folder / "compare-losses.png",
        "Variants on the same 30,000 pairs",
    )
