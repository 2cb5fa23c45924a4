"""Beam search with n-best and length normalisation (Wu et al. 2016, section 7; lp = length^a)."""

from __future__ import annotations

import math

import numpy as np

from app.search.hypothesis import ROOT, Node
from app.search.step import (
    IMPOSSIBLE,
    Candidates,
    Outcome,
    Plan,
    common_prefix,
    normalized,
    outcome,
)
from app.search.wording import probed, seen, within


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
        self._nodes: list[Node] = [ROOT] * plan.beam_size
        self._stages = [plan.rules.stage(ROOT)] * plan.beam_size
        self._bans = [plan.rules.banned(ROOT, self._stages[0])] * plan.beam_size
        self._totals = np.full(plan.beam_size, -np.inf)
        self._totals[0] = 0.0
        self._steps = 0
        self._finished: list[tuple[Node, Outcome]] = []  # the n best so far, best first
        self._finished_count = 0
        self.done = False
        self.width = plan.beam_size
        self.parents = list(range(plan.beam_size))
        self.tokens = [plan.bos] * plan.beam_size

    @property
    def fetch(self) -> int:
        """How many candidates of each row it must see."""
        return self.width + 1 + max(map(len, self._bans)) + seen(self._stages)

    @property
    def probes(self) -> tuple[int, ...]:
        """The next id of what the output must begin with, or the end where a row is full."""
        if self._forced:
            return ()
        return self._must() or probed(self._stages, self._plan.eos)

    @property
    def free_steps(self) -> int:
        """No step is free of choices."""
        return 0

    @property
    def steps_left(self) -> int:
        """How many tokens may still come."""
        return self._plan.max_tokens - self._steps

    def _must(self) -> tuple[int, ...]:
        return self._plan.forced[self._steps :][:1]

    def advance(self, candidates: Candidates) -> None:
        """Rank the continuations, finish some, go on with others."""
        if self._forced:
            self.tokens = [self._forced.pop(0)] * self.width
            return
        must = self._must()
        self._steps += 1
        if must:  # all rows but the first still wait
            gain = max(float(candidates.probes[0, 0]), IMPOSSIBLE)
            live = [(0, must[0], float(self._totals[0]) + gain)]
        else:
            live = self._rank(candidates)
        missing = self.width - len(live)
        if not live and not self._finished:  # nothing may follow: what there is, is the output
            self._finish(self._nodes[0], float(self._totals[0]))
        self._nodes = [
            Node(token, self._nodes[row], candidates.row_attention(row)) for row, token, _ in live
        ] + [ROOT] * missing
        rules = self._plan.rules
        self._stages = [rules.stage(node) for node in self._nodes]
        self._bans = [
            rules.banned(node, stage) for node, stage in zip(self._nodes, self._stages, strict=True)
        ]
        self.parents = [row for row, _, _ in live] + [0] * missing
        self.tokens = [token for _, token, _ in live] + [self._plan.eos] * missing
        self._totals = np.array([total for _, _, total in live] + [-math.inf] * missing)
        self.done = self._must_stop(float(self._totals[0]))

    def _rank(self, candidates: Candidates) -> list[tuple[int, int, float]]:
        """Finish what ends; return the (row, token, log p) of what goes on, best first."""
        worded = within(candidates, self._nodes, self._stages, self._plan.rules)
        candidates = worded.candidates
        totals = self._totals[:, None] + candidates.log_probabilities  # float64 [width, K]
        fetched = totals.shape[1]
        order = np.argsort(-totals, axis=None, kind="stable").tolist()
        ids, flat = candidates.ids.ravel().tolist(), totals.ravel().tolist()
        live: list[tuple[int, int, float]] = []
        rank = 0
        for place in order:
            row, token, total = place // fetched, ids[place], flat[place]
            if total == -math.inf or len(live) == self.width:
                break
            if token in self._bans[row]:
                continue
            if token != self._plan.eos:
                live.append((row, token, total))
            elif rank < self.width:
                self._finish(self._nodes[row], total, cut=worded.cut[row])
            rank += 1
        return live

    def _finish(self, node: Node, total: float, *, cut: bool = False) -> None:
        self._finished_count += 1
        self._finished.append((node, outcome(node, total, self._plan, ended=True, cut=cut)))
        self._finished.sort(key=lambda one: -one[1].score)  # stable: the earlier one wins a tie
        del self._finished[self._plan.n_best :]

    def _must_stop(self, best_live: float) -> bool:
        if best_live == -math.inf or self._steps >= self._plan.max_tokens:
            return True
        if len(self._finished) < self._plan.n_best:
            return False
        worst, penalty = self._finished[-1][1].score, self._plan.length_penalty
        if worst >= normalized(best_live, self._plan.max_tokens, penalty):
            return True
        if self._finished_count < self.width:
            return False
        return self.width == 1 or worst >= normalized(best_live, self._steps + 1, penalty)

    def _live(self) -> list[tuple[Node, float]]:
        pairs = zip(self._nodes, self._totals.tolist(), strict=True)
        return [(node, total) for node, total in pairs if total > -math.inf]

    def stable(self) -> list[int]:
        """Return the tokens that all hypotheses share which may still come out best."""
        if self.done:
            return list(self.outcomes()[0].tokens) if self._finished or self._live() else []
        nodes = [node for node, _ in (*self._live(), *self._finished[:1])]
        return common_prefix([node.tokens() for node in nodes])

    def outcomes(self) -> tuple[Outcome, ...]:
        """Return up to `n_best` outputs: finished ones by score, then unfinished ones by score."""
        missing = self._plan.n_best - len(self._finished)
        filling = (
            outcome(node, total, self._plan, ended=False) for node, total in self._live()[:missing]
        )
        return (*(done for _, done in self._finished), *filling)
