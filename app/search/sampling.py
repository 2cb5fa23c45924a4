"""Sampling among a step's best candidates, reproducible in any batch."""

from __future__ import annotations

import hashlib
import struct

import numpy as np
from numpy.typing import NDArray

from app.search.hypothesis import ROOT, Node
from app.search.step import Candidates, Outcome, Plan, SamplingPlan, common_prefix, outcome
from app.search.wording import Worded, probed, seen, within

MOST_SAMPLED = 256  # candidates that a step returns at most


def uniform(seed: int, item: int, sample: int, step: int) -> float:
    """Return a number in [0, 1) that depends on nothing but the arguments, each below 2^63.

    BLAKE2b of the four as a counter-based generator: no state, so no order of calls matters.
    """
    key = struct.pack("<4q", seed, item, sample, step)
    word = int.from_bytes(hashlib.blake2b(key, digest_size=8).digest(), "little")
    return (word >> 11) / float(1 << 53)


def draw(log_probabilities: NDArray[np.float64], plan: SamplingPlan, at: float) -> int:
    """Return which of the candidates [K], best first, is drawn by the uniform number `at`.

    p ∝ exp(log p / temperature) among the `top_k` best, then among the fewest of those that
    together have `top_p` of their mass (Holtzman et al. 2019).
    """
    scaled = log_probabilities[: plan.top_k] / plan.temperature
    mass = np.exp(scaled - scaled[0])
    below = np.cumsum(mass)
    kept = int(np.searchsorted(below, plan.top_p * below[-1])) + 1
    below = below[:kept]
    return min(int(np.searchsorted(below, at * below[-1], side="right")), len(below) - 1)


class Sample:
    """`n_best` rows that each draw their own continuation."""

    def __init__(self, plan: Plan, sampling: SamplingPlan) -> None:
        """Begin at the start token."""
        self._plan, self._sampling = plan, sampling
        self._forced = list(plan.prefix)
        self.width = plan.n_best
        self._nodes: list[Node] = [ROOT] * self.width
        self._totals = [0.0] * self.width
        self._ended = [False] * self.width
        self._cut = [False] * self.width
        self._stages = [plan.rules.stage(ROOT)] * self.width
        self.parents = list(range(self.width))
        self.tokens = [plan.bos] * self.width

    @property
    def fetch(self) -> int:
        """How many candidates of each row it must see."""
        if self._forced or self._waiting():
            return 1
        bans = max(len(self._banned(row)) for row in range(self.width))
        return min(MOST_SAMPLED, self._sampling.top_k + bans + seen(self._stages))

    @property
    def probes(self) -> tuple[int, ...]:
        """The next id of what the outputs must begin with, or the end where one is full."""
        if self._forced:
            return ()
        return self._waiting()[:1] or probed(self._stages, self._plan.eos)

    @property
    def done(self) -> bool:
        """Whether every row has ended or is as long as it may be."""
        return all(self._ended) or max(node.length for node in self._nodes) >= self._plan.max_tokens

    @property
    def free_steps(self) -> int:
        """No step is free of choices."""
        return 0

    @property
    def steps_left(self) -> int:
        """How many tokens may still come."""
        return self._plan.max_tokens - max(node.length for node in self._nodes)

    def _banned(self, row: int) -> frozenset[int]:
        return self._plan.rules.banned(self._nodes[row], self._stages[row])

    def _waiting(self) -> tuple[int, ...]:
        return self._plan.forced[self._nodes[0].length :]

    def advance(self, candidates: Candidates) -> None:
        """Draw each row's next token, or take the next one that it must say."""
        if self._forced:
            self.tokens = [self._forced.pop(0)] * self.width
            return
        waiting = self._waiting()
        worded = (
            Worded(candidates, (False,) * self.width)
            if waiting
            else within(candidates, self._nodes, self._stages, self._plan.rules)
        )
        for row in range(self.width):
            if self._ended[row]:
                continue
            if waiting:
                token, gain = waiting[0], float(candidates.probes[row, 0])
            else:
                token, gain = self._drawn(row, worded.candidates)
            self._totals[row] += gain
            self.tokens[row] = token
            if token == self._plan.eos:
                self._ended[row], self._stages[row] = True, "open"
                self._cut[row] = worded.cut[row]
            else:
                self._nodes[row] = Node(token, self._nodes[row], candidates.row_attention(row))
                self._stages[row] = self._plan.rules.stage(self._nodes[row])

    def _drawn(self, row: int, candidates: Candidates) -> tuple[int, float]:
        node, sampling = self._nodes[row], self._sampling
        banned = list(self._banned(row))
        ids, values = candidates.ids[row], candidates.log_probabilities[row].astype(np.float64)
        allowed = np.flatnonzero(~np.isin(ids[:MOST_SAMPLED], banned))
        if not len(allowed):  # every candidate is banned: nothing is left to say
            return self._plan.eos, 0.0
        at = uniform(sampling.seed, sampling.item, row, node.length)
        place = int(allowed[draw(values[allowed], sampling, at)])
        return int(ids[place]), float(values[place])

    def stable(self) -> list[int]:
        """Return the tokens that every outcome will begin with."""
        return common_prefix([node.tokens() for node in self._nodes])

    def outcomes(self) -> tuple[Outcome, ...]:
        """Return the samples, the best score first."""
        found = [
            outcome(node, total, self._plan, ended, cut=cut)
            for node, total, ended, cut in zip(
                self._nodes, self._totals, self._ended, self._cut, strict=True
            )
        ]
        return tuple(sorted(found, key=lambda one: -one.score))
