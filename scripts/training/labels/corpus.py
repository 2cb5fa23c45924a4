"""Texts with and without labels: normalised, in file order, by split."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from app.text.normalizer import normalize
from scripts.training.labels.config import Labelled, LabelRecipe, Table
from scripts.training.pairs import read_table

ONE_IN = 200  # of the unlabelled texts, which show how far pre-training is


@dataclass(frozen=True)
class Example:
    """A text, and the place of its label among the recipe's names, from 0 on."""

    text: str
    label: int


def read_texts(recipe: LabelRecipe, folder: Path, *, learnt: bool = True) -> list[str]:
    """Return the texts of `data.texts`: those to learn from, or all that lend their words."""
    return [
        text
        for table in recipe.data.texts
        if table.learn or not learnt
        for row in _rows(table, folder, table.split)
        if (text := normalize(row[table.text]))
    ]


def split_texts(texts: list[str]) -> tuple[list[str], list[str]]:
    """Return the texts to learn from and, one in 200, those that show how far that is."""
    kept: list[str] = []
    shown: list[str] = []
    for text in texts:
        (shown if place_of(text) < 1 / ONE_IN else kept).append(text)
    return kept, shown


def read_examples(recipe: LabelRecipe, folder: Path, split: str) -> list[Example]:
    """Return the labelled texts of `train`, `val` or `test`.

    Raises:
        ValueError: a row has a label that the recipe does not name.
        FileNotFoundError: there is no such table.
    """
    about = recipe.labelled
    test = split == "test"
    if about.folds:
        dealt = _dealt(about, about.folds, folder)
        rows = [row for row, own in dealt if (own == about.fold) == test]
    else:
        rows = _rows(about, folder, about.test_split if test else about.split)
    found = [Example(normalize(row[about.text]), _label(row, about)) for row in rows]
    if test:
        return found
    chooses = split == "val"
    return [one for one in found if (place_of(one.text) < about.validated) == chooses]


def place_of(text: str) -> float:
    """Return where a hash places `text` between 0 and 1: copies of it are in one place."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") / 2**64


def _rows(table: Table, folder: Path, split: str | None) -> list[dict[str, str]]:
    rows = read_table(folder / table.path)
    return rows if split is None else [row for row in rows if row["split"] == split]


def _dealt(about: Labelled, folds: int, folder: Path) -> list[tuple[dict[str, str], int]]:
    """Return each row with its fold: of ten, each label's first, eleventh, … row are in fold 0."""
    seen: Counter[str] = Counter()
    dealt = []
    for row in _rows(about, folder, None):
        dealt.append((row, seen[row[about.label]] % folds))
        seen[row[about.label]] += 1
    return dealt


def _label(row: dict[str, str], about: Labelled) -> int:
    known = list(about.names)
    if row[about.label] not in known:
        raise ValueError(
            f"{about.path} has a label {row[about.label]!r}; data.labelled.names has: "
            f"{', '.join(known)}"
        )
    return known.index(row[about.label])
