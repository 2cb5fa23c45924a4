"""Greedy search: the best allowed token of every step."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from app.search.step import Candidates, Outcome, Plan, normalized


class Greedy:
    """One row that takes its most probable allowed token until the end token or the limit."""

    def __init__(self, plan: Plan) -> None:
        """Begin at the start token."""
        self._plan = plan
        self._forced = list(plan.prefix)
        self._output: list[int] = []
        self._attention: list[NDArray[np.float32]] = []
        self.total = 0.0
        self._ended = False
        self.width = 1
        self.fetch = 1 + len(plan.never)
        self.parents = [0]
        self.tokens = [plan.bos]

    @property
    def done(self) -> bool:
        """Whether the end token came or the limit is reached."""
        return self._ended or len(self._output) >= self._plan.max_tokens

    @property
    def steps_left(self) -> int:
        """How many steps it can take at most."""
        return self._plan.max_tokens - len(self._output)

    @property
    def runs_freely(self) -> bool:
        """Whether its steps need nothing but the best token, so that a graph may take several."""
        return not self._forced and not self._plan.want_attention

    def advance(self, candidates: Candidates) -> None:
        """Take the best allowed token, or the next one of the prefix."""
        if self._forced:
            self.tokens = [self._forced.pop(0)]
            return
        never = self._plan.never
        pairs = zip(
            candidates.ids[0].tolist(), candidates.log_probabilities[0].tolist(), strict=True
        )
        token, gain = next(pair for pair in pairs if pair[0] not in never)
        if candidates.attention is not None and token != self._plan.eos:
            self._attention.append(candidates.attention[0])
        self._take(token, gain)

    def extend(self, tokens: Sequence[int], gains: Sequence[float]) -> None:
        """Take several steps' best allowed tokens at once; what follows the end is dropped."""
        for token, gain in zip(tokens, gains, strict=True):
            if self.done:
                return
            self._take(token, gain)

    def _take(self, token: int, gain: float) -> None:
        self.total += gain
        if token == self._plan.eos:
            self._ended = True
        else:
            self._output.append(token)
            self.tokens = [token]

    def outcomes(self) -> tuple[Outcome, ...]:
        """Return the one output."""
        length = len(self._output) + self._ended
        return (
            Outcome(
                tuple(self._output),
                self.total,
                normalized(self.total, length, self._plan.length_penalty),
                "stop" if self._ended else "length",
                tuple(self._attention) if self._plan.want_attention else None,
            ),
        )
