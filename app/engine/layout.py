"""Which item owns which rows of the running batch, and what each row goes on from.

A finished item's rows stay in place, fed with the end token, until they are worth a move: leaving
rows out renumbers the rest, and then the memory must be gathered too. With items A (2 rows), B (1),
C (2) and B finished, the next parents are [A's, A's, 2, C's, C's]; once B is dropped, they are
[A's, A's, C's, C's].
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from app.engine.backend import Ints
from app.engine.item import Item

DEAD_SHARE = 0.25  # of the rows; beyond it the dead ones are dropped


class Layout:
    """The rows of the running batch, in order."""

    def __init__(self) -> None:
        """Begin with no rows."""
        self._slots: list[tuple[Item | None, int]] = []  # (owner or None, width)

    @property
    def rows(self) -> int:
        """How many rows there are, dead ones included."""
        return sum(width for _, width in self._slots)

    def items(self) -> list[Item]:
        """Return the owners, in the order of their rows."""
        return [item for item, _ in self._slots if item is not None]

    def places(self) -> Iterator[tuple[Item, int]]:
        """Yield each owner with its first row."""
        row = 0
        for item, width in self._slots:
            if item is not None:
                yield item, row
            row += width

    def free(self, gone: Sequence[Item]) -> None:
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

    def tokens(self, filler: int) -> Ints:
        """Return what each row is fed next, int32 [rows]; `filler` for the dead."""
        tokens: list[int] = []
        for item, width in self._slots:
            tokens += [filler] * width if item is None else item.search.tokens
        return np.array(tokens, np.int32)

    def probes(self) -> Ints:
        """Return the ids that each row asks the log-probability of, int32 [rows, P], 0 for none."""
        asked = [item.search.probes for item in self.items()]
        probes = np.zeros((self.rows, max(map(len, asked), default=0)), np.int32)
        if probes.size:
            for item, row in self.places():
                ids = item.search.probes
                probes[row : row + item.width, : len(ids)] = ids
        return probes

    def append(self, items: Sequence[Item]) -> None:
        """Add the rows of `items` behind all others."""
        self._slots += [(item, item.width) for item in items]
