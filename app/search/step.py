"""What every search reads, answers and returns."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from app.search.hypothesis import Node
from app.search.rules import Rules

NO_PROBES = np.zeros((0, 0), np.float32)
IMPOSSIBLE = -1e4  # what an id that must come costs if a model gives it no chance at all, in nats


@dataclass(frozen=True)
class SamplingPlan:
    """How to draw: `seed` and `item` (the place in the request) make a sample reproducible."""

    temperature: float = 1.0
    top_k: int = 256
    top_p: float = 1.0
    seed: int = 0
    item: int = 0


@dataclass(frozen=True)
class Plan:
    """How one sequence is to be searched; the engine fills it from the request and the manifest.

    `prefix` ids are fed after `bos` and count neither as output nor in any score; `forced` ids are
    what the output must begin with. `rules` ban ids. At most `max_tokens` tokens come out; the end
    token takes one of those places. `n_best` ≤ `beam_size`, unless `sampling` draws the n.
    """

    bos: int
    eos: int
    rules: Rules
    prefix: tuple[int, ...] = ()
    forced: tuple[int, ...] = ()
    max_tokens: int = 128
    beam_size: int = 1
    n_best: int = 1
    length_penalty: float = 1.0
    want_attention: bool = False
    sampling: SamplingPlan | None = None


@dataclass(frozen=True)
class Candidates:
    """One step's answers for a sequence's rows.

    `ids` int32 [width, K] and `log_probabilities` float32 [width, K] hold each row's K best, best
    first, lower id first among equals; `probes` float32 [width, P] the log-probabilities asked for;
    `attention` float32 [width, source] where it is wanted.
    """

    ids: NDArray[np.int32]
    log_probabilities: NDArray[np.float32]
    attention: NDArray[np.float32] | None = None
    probes: NDArray[np.float32] = field(default_factory=lambda: NO_PROBES)

    def row_attention(self, row: int) -> NDArray[np.float32] | None:
        """Return the attention of one row, if there is any."""
        return None if self.attention is None else self.attention[row]


@dataclass(frozen=True)
class Outcome:
    """One finished output, without start, prefix and end tokens; `attention` has a row a token."""

    tokens: tuple[int, ...]
    log_probability: float
    score: float
    finish_reason: Literal["stop", "length"]
    attention: tuple[NDArray[np.float32], ...] | None = field(default=None, compare=False)


class Decoding(Protocol):
    """One sequence on its way: it holds `width` rows from its first step to its last."""

    parents: list[int]
    """For each row of the next step, the row of the last step it goes on from: [width]."""

    @property
    def width(self) -> int:
        """How many rows it holds."""

    @property
    def free_steps(self) -> int:
        """How many steps may be taken at once because nothing is to be chosen; 0 if none.

        What comes after the end or the limit is dropped.
        """

    @property
    def steps_left(self) -> int:
        """How many tokens (or values) may still come, the end token among them."""

    @property
    def done(self) -> bool:
        """Whether the outcome is final."""

    def stable(self) -> Sequence[Any]:
        """Return the tokens (or values) with which the outcome will begin, come what may."""


class Search(Decoding, Protocol):
    """One sequence's search among tokens; its `free_steps` feed back the best allowed id."""

    tokens: list[int]
    """The token that each row of the next step is fed: [width]."""

    @property
    def fetch(self) -> int:
        """How many candidates of each row it must see."""

    @property
    def probes(self) -> tuple[int, ...]:
        """The ids whose log-probabilities it must see in each row."""

    def advance(self, candidates: Candidates) -> None:
        """Take one step."""

    def stable(self) -> list[int]:
        """Return the tokens with which the best outcome will begin, come what may."""

    def outcomes(self) -> tuple[Outcome, ...]:
        """Return the n-best outputs, best first."""


def normalized(log_probability: float, length: int, penalty: float) -> float:
    """Return log p / length^penalty; `length` counts the end token and is at least 1."""
    return log_probability / math.pow(max(length, 1), penalty)


def outcome(
    node: Node, log_probability: float, plan: Plan, ended: bool, *, cut: bool = False
) -> Outcome:
    """Return the output that stops after `node`, with the end token if `ended`.

    `cut` says that the end came because no other word was allowed: the reason is `length` then.
    """
    return Outcome(
        tuple(node.tokens()),
        log_probability,
        normalized(log_probability, node.length + ended, plan.length_penalty),
        "stop" if ended and not cut else "length",
        tuple(node.attentions()) if plan.want_attention else None,
    )


def common_prefix(sequences: Sequence[Sequence[int]]) -> list[int]:
    """Return the longest beginning that all `sequences` share; [] if there are none."""
    shared: list[int] = []
    for tokens in zip(*sequences, strict=False):
        if tokens.count(tokens[0]) < len(tokens):
            break
        shared.append(tokens[0])
    return shared
