"""The seam between the engine and whatever computes: `Session` in service, a fake in tests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

MOST_CANDIDATES = 256  # that a step returns for each row
Ints = NDArray[np.int32]
Floats = NDArray[np.float32]
Source = Mapping[str, NDArray[np.generic]]


@dataclass(frozen=True)
class StepResult:
    """One step of all rows.

    `ids` int32 and `log_probabilities` float32 are [rows, K]: each row's K best, best first, lower
    id first among equals. `probe_log_probabilities` float32 [rows, P] belong to the ids asked for.
    `attention` float32 [rows, width] is None unless it was asked for and the model attends.
    """

    ids: Ints
    log_probabilities: Floats
    probe_log_probabilities: Floats
    attention: Floats | None


@dataclass(frozen=True)
class StepsResult:
    """Several greedy steps of all rows: the chosen ids and their log-probabilities [rows, steps].

    What follows a row's end token means nothing.
    """

    ids: Ints
    log_probabilities: Floats


@dataclass(frozen=True)
class ValuesResult:
    """Several steps of all rows of numbers: `values` float32 [rows, steps, features]."""

    values: Floats


class Encoded(Protocol):
    """Encoded sources, opaque to the engine."""

    @property
    def lengths(self) -> Sequence[int]:
        """How many places of the memory each source fills; 0 without memory."""


E = TypeVar("E", bound=Encoded)


class Rows(Protocol[E]):
    """Holds the running rows of one batch; called by one thread at a time.

    Rows are numbered 0 … rows-1. `join` and each step renumber them by parents: row i goes on from
    the row parents[i] of the call before. With 3 rows, parents [2, 0] drops row 1 and swaps the
    others.
    """

    def encode(self, sources: Sequence[Source]) -> E:
        """Encode sources together, each as `encode` takes it without its batch axis."""

    def join(self, encoded: E, keep: Ints, repeats: Ints) -> None:
        """Go on with the rows `keep` int32 [kept], then `repeats[i]` rows of each new source."""

    def reset(self) -> None:
        """Forget all rows."""


class Backend(Rows[E], Protocol[E]):
    """Rows that decode tokens."""

    def advance(
        self, parents: Ints, tokens: Ints, probes: Ints, fetch: int, want_attention: bool
    ) -> StepResult:
        """Take one step: parents and tokens int32 [rows], probes int32 [rows, P], K ≥ `fetch`.

        K is smaller than `fetch` only where the vocabulary is.
        """

    def advance_greedy(self, parents: Ints, tokens: Ints, steps: int) -> StepsResult:
        """Take up to `steps` ≥ 1 steps, feeding back each row's best id that may be emitted.

        A row that is fed the end token counts as ended; the call returns early once all have.
        """


class ValueBackend(Rows[E], Protocol[E]):
    """Rows that decode numbers."""

    def advance_values(self, parents: Ints, values: Floats, steps: int) -> ValuesResult:
        """Take `steps` ≥ 1 steps, feeding back what each returns.

        parents int32 [rows], values float32 [rows, features].
        """
