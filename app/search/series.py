"""A numeric series: nothing is chosen, each value that a step returns is fed to the next step."""

from __future__ import annotations

from collections.abc import Sequence

from app.search.rules import UNBOUNDED

Value = tuple[float, ...]
"""The numbers of one step: [features]."""


class Series:
    """One row that goes on for a fixed number of steps."""

    width = 1

    def __init__(self, start: Value, steps: int) -> None:
        """Begin by feeding `start`; end after `steps` values."""
        self._steps = steps
        self.parents = [0]
        self.value = start
        self.values: list[Value] = []

    @property
    def free_steps(self) -> int:
        """How many steps need nobody's choice: all of them."""
        return UNBOUNDED

    @property
    def steps_left(self) -> int:
        """How many values are still to come."""
        return self._steps - len(self.values)

    @property
    def done(self) -> bool:
        """Whether all values are there."""
        return self.steps_left <= 0

    def extend(self, values: Sequence[Sequence[float]]) -> None:
        """Take several steps' values [steps, features] at once; those beyond the end are dropped.

        With three steps left and four values, the fourth is dropped.
        """
        self.values += [tuple(value) for value in values[: self.steps_left]]
        self.value = self.values[-1]

    def stable(self) -> list[Value]:
        """Return the values so far."""
        return list(self.values)
