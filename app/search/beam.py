"""Beam search with n-best and length normalisation (Wu et al. 2016, section 7; lp = length^a)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from app.search.step import Candidates, Outcome, Plan, normalized


@dataclass(frozen=True)
class _Node:
    """One token of a hypothesis; the tokens before it hang off `before`."""

    token: int
    before: _Node | None
    attention: NDArray[np.float32] | None


class Beam:
    """`beam_size` rows that go on from the best unfinished hypotheses.

    Each step ranks all continuations by log p. An end token among the `beam_size` best finishes its
    hypothesis; the best `beam_size` others go on. It stops when

    1. no unfinished hypothesis can beat the n-th best finished one: log p never grows, so that none
       can score above log p / max_tokens^a;
    2. or `beam_size` have finished and the best unfinished one, were it to end now for free, would
       not beat the n-th best (rule 1 alone runs far past every plausible end when a > 0);
    3. or the limit is reached: then unfinished ones fill up the n-best, after all finished ones.

    With `beam_size` 1 it is greedy search, which stops at the first end. Example, beam 2, a = 0,
    candidates of step 1 {a: -0.5, end: -1.0, b: -2.0}: "" finishes with -1.0, and a and b go on.
    """

    def __init__(self, plan: Plan) -> None:
        """Begin with one hypothesis; the other rows wait with log p = -inf."""
        self._plan = plan
        self._forced = list(plan.prefix)
        self._nodes: list[_Node | None] = [None] * plan.beam_size
        self._totals = np.full(plan.beam_size, -np.inf)
        self._totals[0] = 0.0
        self._steps = 0
        self._finished: list[Outcome] = []  # the n best so far, best first
        self._finished_count = 0
        self.done = False
        self.width = plan.beam_size
        self.fetch = plan.beam_size + 1 + len(plan.never)
        self.parents = list(range(plan.beam_size))
        self.tokens = [plan.bos] * plan.beam_size

    def advance(self, candidates: Candidates) -> None:
        """Rank the continuations, finish some, go on with others."""
        if self._forced:
            self.tokens = [self._forced.pop(0)] * self.width
            return
        self._steps += 1
        live = self._rank(candidates)
        nodes = [_Node(token, self._nodes[row], _row(candidates, row)) for row, token, _ in live]
        missing = self.width - len(live)
        self.parents = [row for row, _, _ in live] + [0] * missing
        self.tokens = [token for _, token, _ in live] + [self._plan.eos] * missing
        self._totals = np.array([total for _, _, total in live] + [-math.inf] * missing)
        self._nodes = [*nodes, *([None] * missing)]
        self.done = self._must_stop(float(self._totals[0]))

    def _rank(self, candidates: Candidates) -> list[tuple[int, int, float]]:
        """Finish what ends; return the (row, token, log p) of what goes on, best first."""
        totals = self._totals[:, None] + candidates.log_probabilities  # float64 [width, K]
        fetched = totals.shape[1]
        order = np.argsort(-totals, axis=None, kind="stable").tolist()
        ids, flat = candidates.ids.ravel().tolist(), totals.ravel().tolist()
        live: list[tuple[int, int, float]] = []
        rank = 0
        for place in order:
            token, total = ids[place], flat[place]
            if total == -math.inf or len(live) == self.width:
                break
            if token in self._plan.never:
                continue
            if token != self._plan.eos:
                live.append((place // fetched, token, total))
            elif rank < self.width:
                self._finish(self._nodes[place // fetched], total)
            rank += 1
        return live

    def _outcome(
        self, node: _Node | None, total: float, reason: Literal["stop", "length"]
    ) -> Outcome:
        tokens: list[int] = []
        rows: list[NDArray[np.float32]] = []
        while node is not None:
            tokens.append(node.token)
            if node.attention is not None:
                rows.append(node.attention)
            node = node.before
        length = len(tokens) + (reason == "stop")
        return Outcome(
            tuple(reversed(tokens)),
            total,
            normalized(total, length, self._plan.length_penalty),
            reason,
            tuple(reversed(rows)) if self._plan.want_attention else None,
        )

    def _finish(self, node: _Node | None, total: float) -> None:
        self._finished_count += 1
        self._finished.append(self._outcome(node, total, "stop"))
        self._finished.sort(key=lambda one: -one.score)  # stable: the earlier one wins a tie
        del self._finished[self._plan.n_best :]

    def _must_stop(self, best_live: float) -> bool:
        if best_live == -math.inf or self._steps >= self._plan.max_tokens:
            return True
        if len(self._finished) < self._plan.n_best:
            return False
        worst, penalty = self._finished[-1].score, self._plan.length_penalty
        if worst >= normalized(best_live, self._plan.max_tokens, penalty):
            return True
        if self._finished_count < self.width:
            return False
        return self.width == 1 or worst >= normalized(best_live, self._steps + 1, penalty)

    def outcomes(self) -> tuple[Outcome, ...]:
        """Return up to `n_best` outputs: finished ones by score, then unfinished ones by score."""
        missing = self._plan.n_best - len(self._finished)
        unfinished = zip(self._nodes, self._totals.tolist(), strict=True)
        live = [(node, total) for node, total in unfinished if total > -math.inf]
        filling = (self._outcome(node, total, "length") for node, total in live[:missing])
        return (*self._finished, *filling)


def _row(candidates: Candidates, row: int) -> NDArray[np.float32] | None:
    return None if candidates.attention is None else candidates.attention[row]
