"""What every search reads, answers and returns."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Plan:
    """How one sequence is to be searched; the engine fills it from the request and the manifest.

    `prefix` ids are fed after `bos` and count neither as output nor in any score. `never` ids are
    not emitted. At most `max_tokens` tokens come out; the end token takes one of those places.
    `n_best` ≤ `beam_size`.
    """

    bos: int
    eos: int
    never: frozenset[int] = frozenset()
    prefix: tuple[int, ...] = ()
    max_tokens: int = 128
    beam_size: int = 1
    n_best: int = 1
    length_penalty: float = 1.0
    want_attention: bool = False


@dataclass(frozen=True)
class Candidates:
    """One step's answers for a sequence's rows.

    `ids` int32 [width, K] and `log_probabilities` float32 [width, K] hold each row's K best, best
    first, lower id first among equals; `attention` float32 [width, source] where it is wanted.
    """

    ids: NDArray[np.int32]
    log_probabilities: NDArray[np.float32]
    attention: NDArray[np.float32] | None = None


@dataclass(frozen=True)
class Outcome:
    """One finished output, without start, prefix and end tokens; `attention` has a row a token."""

    tokens: tuple[int, ...]
    log_probability: float
    score: float
    finish_reason: Literal["stop", "length"]
    attention: tuple[NDArray[np.float32], ...] | None = field(default=None, compare=False)


class Search(Protocol):
    """One sequence's search: it holds `width` rows from its first step to its last."""

    @property
    def width(self) -> int:
        """How many rows it holds."""

    @property
    def fetch(self) -> int:
        """How many candidates of each row it must see."""

    @property
    def parents(self) -> list[int]:
        """For each row of the next step, the row of the last step it goes on from: [width]."""

    @property
    def tokens(self) -> list[int]:
        """The token that each row of the next step is fed: [width]."""

    @property
    def done(self) -> bool:
        """Whether `outcomes` is final."""

    def advance(self, candidates: Candidates) -> None:
        """Take one step."""

    def outcomes(self) -> tuple[Outcome, ...]:
        """Return the n-best outputs, best first."""


def normalized(log_probability: float, length: int, penalty: float) -> float:
    """Return log p / length^penalty; `length` counts the end token and is at least 1."""
    return log_probability / math.pow(max(length, 1), penalty)
