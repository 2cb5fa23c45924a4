"""What an evaluation set asks: sources, their references, and the parts reported apart."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from app.text.normalizer import normalize
from scripts.training.config import EvaluationSet
from scripts.training.pairs import Pair, read_table
from scripts.training.scores import group


@dataclass(frozen=True)
class Item:
    """One source, all its references, and the names of the parts of the set that it belongs to."""

    source: str
    references: tuple[str, ...]
    parts: tuple[str, ...] = ()


def read_items(folder: Path, about: EvaluationSet, trained: Collection[str]) -> list[Item]:
    """Return the items of a set in file order; `trained` holds the targets of the training pairs.

    A table without a column `split` is all `test`. Rows without a source, or a target, are none.

    Raises:
        FileNotFoundError: there is no such table.
    """
    items = []
    for row in read_table(folder / about.path):
        if row.get("split", "test") != about.split:
            continue
        source, target = normalize(row[about.source]), normalize(row[about.target])
        too_long = about.max_characters and len(source) > about.max_characters
        if not source or not target or too_long:
            continue
        parts = [row[about.by]] if about.by else []
        if about.seen:
            parts.append("seen" if target in trained else "unseen")
        items.append(Item(source, (target,), tuple(parts)))
    if not about.grouped:
        return items
    pairs = group([Pair(item.source, item.references[0]) for item in items])
    return [Item(source, tuple(references)) for source, references in pairs]


def by_part(items: Sequence[Item], name: str) -> Iterator[tuple[str, list[int]]]:
    """Yield the set `name` with the places of all its items, then each part, as `name-part`."""
    yield name, list(range(len(items)))
    for part in sorted({part for item in items for part in item.parts}):
        yield f"{name}-{part}", [at for at, item in enumerate(items) if part in item.parts]
