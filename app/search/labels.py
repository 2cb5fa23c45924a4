"""A classifier's one step: every label with its probability, the likeliest first."""

from __future__ import annotations

from app.search.hypothesis import ROOT, Node
from app.search.step import Candidates, Outcome, Plan, outcome


class Labels:
    """One row that is fed the start token once; what comes out is a ranking of all labels."""

    width = 1
    fetch = 1
    free_steps = 0
    steps_left = 1

    def __init__(self, plan: Plan, count: int) -> None:
        """Rank the ids 0 … `count` - 1."""
        self._plan = plan
        self._gains: list[float] | None = None
        self.parents = [0]
        self.tokens = [plan.bos]
        self.probes = tuple(range(count))

    @property
    def done(self) -> bool:
        """Whether the step was taken."""
        return self._gains is not None

    def advance(self, candidates: Candidates) -> None:
        """Take the log-probabilities of all labels."""
        self._gains = candidates.probes[0, : len(self.probes)].tolist()

    def stable(self) -> list[int]:
        """Return that no token is told before the end."""
        return []

    def outcomes(self) -> tuple[Outcome, ...]:
        """Return every label as an output of one token, the likeliest first, then by id."""
        assert self._gains is not None, "the step was not taken: this is a bug"
        order = sorted(enumerate(self._gains), key=lambda pair: -pair[1])
        nodes = [(Node(label, ROOT), gain) for label, gain in order]
        return tuple(outcome(node, gain, self._plan, ended=True) for node, gain in nodes)
