"""Which item owns which rows of the running batch, and what each row goes on from.

A finished item's rows stay in place, fed with the end token, until they are worth a move: leaving
rows out renumbers the rest, and then the memory must be gathered too. With items A (2 rows), B (1),
C (2) and B finished, the next parents are [A's, A's, 2, C's, C's]; once B is dropped, they are
[A's, A's, C's, C's].
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Generic, TypeVar

import numpy as np

from app.engine.backend import Ints
from app.engine.item import Item

I = TypeVar("I", bound=Item)  # noqa: E741 - an item
DEAD_SHARE = 0.25  # of the rows; beyond it the dead ones are dropped


class Layout(Generic[I]):
    """The rows of the running batch, in order."""

    def __init__(self) -> None:
        """Begin with no rows."""
        self._slots: list[tuple[I | None, int]] = []  # (owner or None, width)

    @property
    def rows(self) -> int:
        """How many rows there are, dead ones included."""
        return sum(width for _, width in self._slots)

    def items(self) -> list[I]:
        """Return the owners, in the order of their rows."""
        return [item for item, _ in self._slots if item is not None]

    def slots(self) -> Iterator[tuple[I | None, int]]:
        """Yield every owner, None for the dead, with its width, in the order of the rows."""
        yield from self._slots

    def places(self) -> Iterator[tuple[I, int]]:
        """Yield each owner with its first row."""
        row = 0
        for item, width in self._slots:
            if item is not None:
                yield item, row
            row += width

    def free(self, gone: Sequence[I]) -> None:
        """Let the rows of `gone` die."""
        lost = {id(item) for item in gone}
        self._slots = [
            (None if item is not None and id(item) in lost else item, width)
            for item, width in self._slots
        ]

    def clear(self) -> None:
        """Forget all rows."""
        self._slots = []

    def worth_dropping(self) -> bool:
        """Whether so many rows are dead that moving the others pays."""
        dead = sum(width for item, width in self._slots if item is None)
        return dead > DEAD_SHARE * self.rows

    def parents(self, drop_dead: bool) -> Ints:
        """Return what each row of the next call goes on from, int32 [rows]."""
        parents: list[int] = []
        row = 0
        for item, width in self._slots:
            if item is not None:
                parents += [row + parent for parent in item.search.parents]
            elif not drop_dead:
                parents += range(row, row + width)
            row += width
        if drop_dead:
            self._slots = [slot for slot in self._slots if slot[0] is not None]
        return np.array(parents, np.int32)

    def append(self, items: Sequence[I]) -> None:
        """Add the rows of `items` behind all others."""
        self._slots += [(item, item.width) for item in items]
