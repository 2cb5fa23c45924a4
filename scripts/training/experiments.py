"""Small experiments: which recipes they are, and what their artifacts reached."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from app.artifacts.manifest import Manifest, Metric
from scripts.training.config import Recipe
from scripts.training.picture import draw_comparison
from scripts.training.recipes import load_any
from scripts.training.series.config import SeriesRecipe

CONDITIONED = "numbers-to-words"
CONDITIONINGS = {
    "repeat": f"{CONDITIONED}-repeat",
    "feedback": f"{CONDITIONED}-feedback",
    "peek": f"{CONDITIONED}-peek",
    "attention": CONDITIONED,
}


def small_recipes(folder: Path) -> list[Path]:
    """Return the recipes of series and of puzzles in `folder`, by name."""
    found = []
    for path in sorted(folder.glob("*.toml")):
        recipe = load_any(path)
        made = isinstance(recipe, Recipe) and recipe.data.puzzle
        if isinstance(recipe, SeriesRecipe) or made:
            found.append(path)
    return found


def figures(manifest: Manifest) -> str:
    """Return in words what a small model reached: of texts greedily, of series free-running."""
    shares = [one for one in manifest.metrics if (one.name, one.decoding) == ("exact", "greedy")]
    if shares:
        whole = shares[0].dataset
        names = ["exact", *(one.dataset.removeprefix(f"{whole}-") for one in shares[1:])]
        told = zip(names, shares, strict=True)
        return ", ".join(f"{name} {_share(one)}" for name, one in told)
    return ", ".join(f"{one.name} {one.value:.4f}" for one in manifest.metrics)


def _share(metric: Metric) -> str:
    """Return `99.2 % of 250`; the signature of `exact` is `n:250`."""
    return f"{metric.value:g} % of {metric.signature.removeprefix('n:')}"


def compare_conditionings(made: Mapping[str, Manifest], path: Path) -> None:
    """Draw the four conditionings into one picture; nothing unless all four of them are `made`."""
    if not made.keys() >= set(CONDITIONINGS.values()):
        return
    labelled = {
        f"{way}: {figures(made[name])}": made[name].training.history
        for way, name in CONDITIONINGS.items()
    }
    draw_comparison(labelled, path, "Numbers to words: four ways to tell the decoder of the source")
