"""The rows of the table: what a classifier begins with and how it learns, fit by fit."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from scripts.training.labels.config import LabelRecipe
from scripts.training.recipes import load_any

PRETRAINED = {"lm": "reviews-lm", "sa": "reviews-sa"}
"""The recipe that makes what a row begins with."""
JOINT = 0.2  # what the next word's nats weigh where it is learnt beside the label


@dataclass(frozen=True)
class Wanted:
    """One fit: all that its result hangs on."""

    name: str
    recipe: LabelRecipe
    reader: LabelRecipe | None
    """The recipe of what it begins with."""


@dataclass(frozen=True)
class Row:
    """One way to train on one set, fitted once for each seed (and each fold)."""

    corpus: Literal["imdb", "rotten-tomatoes"]
    start: Literal["random", "joint", "lm", "sa"]
    learnt: Literal["last", "gain"]
    seeds: tuple[int, ...]

    @property
    def name(self) -> str:
        """What its results are called."""
        return f"{self.corpus}-{self.start}-{self.learnt}"

    def fits(self, recipes: Path) -> Iterator[Wanted]:
        """Yield each fit; rows differ in nothing but what they say."""
        recipe = load_labels(recipes / f"sentiment-{self.corpus}.toml")
        begun = PRETRAINED.get(self.start)
        reader = load_labels(recipes / f"{begun}.toml") if begun else None
        joint = JOINT if self.start == "joint" else 0.0
        changes = {"learnt": self.learnt, "joint": joint}
        classify = recipe.classify.model_copy(update=changes)
        for seed in self.seeds:
            fit = recipe.fit.model_copy(update={"seed": seed})
            for fold in range(recipe.labelled.folds or 1):
                labelled = recipe.labelled.model_copy(update={"fold": fold})
                data = recipe.data.model_copy(update={"labelled": labelled})
                parts = {"classify": classify, "fit": fit, "data": data}
                name = f"{self.name}-{seed}-{fold}"
                yield Wanted(name, recipe.model_copy(update=parts), reader)


def make_rows(seeds: int) -> tuple[Row, ...]:
    """Return every row: those that are compared with `seeds` seeds, the others with the first."""
    every, first = tuple(range(1, seeds + 1)), (1,)
    found = []
    for corpus in ("rotten-tomatoes", "imdb"):  # the quick one first
        found += [Row(corpus, start, "gain", every) for start in ("random", "lm", "sa")]
        found += [Row(corpus, start, "last", first) for start in ("random", "lm", "sa")]
        found.append(Row(corpus, "joint", "gain", first))
    return tuple(found)


def load_labels(path: Path) -> LabelRecipe:
    """Read a recipe of this kind; raises as `load_any` does."""
    recipe = load_any(path)
    assert isinstance(recipe, LabelRecipe), f"{path} is a recipe of another kind: this is a bug"
    return recipe
