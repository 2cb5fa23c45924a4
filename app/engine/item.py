"""One sequence on its way through the engine: its request, its search, its place."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from app.artifacts.manifest import TokenDecoding
from app.engine.request import Hypothesis, SequenceRequest, SequenceResult
from app.errors import EngineFailure
from app.search.beam import Beam
from app.search.greedy import Greedy
from app.search.rules import Rules
from app.search.sampling import Sample
from app.search.step import Outcome, Plan, Search

if TYPE_CHECKING:
    from app.engine.submission import Submission

IMAGE_LENGTH = 64  # what an image weighs beside text when encoding is rationed, in tokens


def plan_of(request: SequenceRequest, decoding: TokenDecoding) -> Plan:
    """Return how to search for `request` with a model that decodes like `decoding`."""
    options = request.options
    return Plan(
        bos=decoding.bos,
        eos=decoding.eos,
        rules=Rules(
            never=frozenset(decoding.never),
            eos=decoding.eos,
            min_tokens=options.min_tokens,
            no_repeat_ngram=options.no_repeat_ngram,
            guard=options.repetition_guard,
            words=options.words,
        ),
        prefix=options.prefix,
        forced=options.forced,
        max_tokens=options.max_tokens,
        beam_size=options.beam_size,
        n_best=options.n_best,
        length_penalty=options.length_penalty,
        want_attention=options.want_attention,
        sampling=options.sampling,
    )


def search_of(plan: Plan) -> Search:
    """Return a new search for `plan`."""
    if plan.sampling is not None:
        return Sample(plan, plan.sampling)
    return Greedy(plan) if plan.beam_size == 1 else Beam(plan)


def source_length(request: SequenceRequest) -> int:
    """Return how many tokens or steps the source has (`IMAGE_LENGTH` for an image)."""
    for name in ("tokens", "values"):
        if name in request.source:
            return int(request.source[name].shape[0])
    return IMAGE_LENGTH


class Item:
    """One `SequenceRequest` of a submission; `width` rows are its own from start to end."""

    def __init__(
        self,
        request: SequenceRequest,
        decoding: TokenDecoding,
        owner: Submission,
        index: int,
        arrived: float,
        *,
        bulk: bool = False,
    ) -> None:
        """Make the item `index` of `owner`, which arrived at the monotonic time `arrived`."""
        plan = plan_of(request, decoding)
        self.request = request
        self.owner = owner
        self.index = index
        self.arrived = arrived
        self.bulk = bulk
        self._told = 0
        self.length = source_length(request)
        self.search = search_of(plan)
        self.width = self.search.width
        self.memory_length = 0  # places of the memory that its source fills
        self.error: EngineFailure | None = None

    def tell(self) -> None:
        """Tell the owner of the tokens that are sure, if there are new ones."""
        stable = self.search.stable()
        if len(stable) > self._told:
            self._told = len(stable)
            self.owner.progress(self.index, stable)

    def result(self) -> SequenceResult:
        """Return the answer; the search must be done."""
        outcomes = self.search.outcomes()
        hypotheses = tuple(self._hypothesis(outcome) for outcome in outcomes)
        return SequenceResult(hypotheses, self.length)

    def _hypothesis(self, outcome: Outcome) -> Hypothesis:
        attention = None
        if outcome.attention is not None and (outcome.attention or not outcome.tokens):
            rows = [row[: self.memory_length] for row in outcome.attention]
            attention = np.array(rows, np.float32).reshape(len(rows), self.memory_length)
        return Hypothesis(
            outcome.tokens, outcome.log_probability, outcome.score, outcome.finish_reason, attention
        )
