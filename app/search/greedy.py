"""Greedy search: the best allowed token of every step."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from app.search.hypothesis import ROOT, Node
from app.search.step import Candidates, Outcome, Plan, outcome
from app.search.wording import probed, seen, within


class Greedy:
    """One row that takes its most probable allowed token until the end token or the limit."""

    def __init__(self, plan: Plan) -> None:
        """Begin at the start token."""
        self._plan = plan
        self._forced = list(plan.prefix)
        self._node = ROOT
        self._stage = plan.rules.stage(ROOT)
        self._bans = plan.rules.banned(ROOT, self._stage)
        self.total = 0.0
        self._ended = self._cut = False
        self.width = 1
        self.parents = [0]
        self.tokens = [plan.bos]

    @property
    def fetch(self) -> int:
        """How many candidates it must see."""
        return 1 + len(self._bans) + seen([self._stage])

    @property
    def probes(self) -> tuple[int, ...]:
        """The next id of what the output must begin with, or the end where it is full."""
        if self._forced:
            return ()
        return self._must() or probed([self._stage], self._plan.eos)

    @property
    def done(self) -> bool:
        """Whether the end token came or the limit is reached."""
        return self._ended or self._node.length >= self._plan.max_tokens

    @property
    def free_steps(self) -> int:
        """How many steps need nothing but the best token, so that a graph may take them."""
        plan = self._plan
        if self._forced or plan.want_attention or self._node.length < len(plan.forced):
            return 0
        return plan.rules.free_steps(self._node)

    @property
    def steps_left(self) -> int:
        """How many tokens may still come."""
        return self._plan.max_tokens - self._node.length

    def _must(self) -> tuple[int, ...]:
        return self._plan.forced[self._node.length :][:1]

    def advance(self, candidates: Candidates) -> None:
        """Take the best allowed token, or the next one that must come."""
        if self._forced:
            self.tokens = [self._forced.pop(0)]
            return
        attention = candidates.row_attention(0)
        must = self._must()
        if must:
            self._take(must[0], float(candidates.probes[0, 0]), attention)
            return
        worded = within(candidates, [self._node], [self._stage], self._plan.rules)
        ids, gains = worded.candidates.ids[0], worded.candidates.log_probabilities[0]
        pairs = zip(ids.tolist(), gains.tolist(), strict=True)
        self._cut = worded.cut[0]
        # Where every candidate is banned nothing is left to say.
        token, gain = next((p for p in pairs if p[0] not in self._bans), (self._plan.eos, 0.0))
        self._take(token, gain, attention)

    def extend(self, tokens: Sequence[int], gains: Sequence[float]) -> None:
        """Take several steps' best allowed tokens at once; what follows the end is dropped."""
        for token, gain in zip(tokens, gains, strict=True):
            if self.done:
                return
            self._take(token, gain)

    def _take(self, token: int, gain: float, attention: NDArray[np.float32] | None = None) -> None:
        self.total += gain
        if token == self._plan.eos:
            self._ended = True
            return
        self._node = Node(token, self._node, attention)
        self._stage = self._plan.rules.stage(self._node)
        self._bans = self._plan.rules.banned(self._node, self._stage)
        self.tokens = [token]

    def stable(self) -> list[int]:
        """Return the tokens taken so far."""
        return self._node.tokens()

    def outcomes(self) -> tuple[Outcome, ...]:
        """Return the one output."""
        return (outcome(self._node, self.total, self._plan, self._ended, cut=self._cut),)
