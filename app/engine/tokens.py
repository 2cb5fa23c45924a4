"""The running batch of a model that decodes tokens: what its rows are fed, and what they choose."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from app.artifacts.manifest import TokenDecoding
from app.engine.backend import Backend, Ints, StepResult, StepsResult
from app.engine.batch import Batch, failed
from app.engine.config import EngineConfig
from app.engine.item import Item
from app.engine.observer import Observer
from app.engine.request import Hypothesis, SequenceRequest, SequenceResult
from app.search.beam import Beam
from app.search.greedy import Greedy
from app.search.labels import Labels
from app.search.rules import Rules
from app.search.sampling import Sample
from app.search.step import Candidates, Outcome, Plan, Search


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


def search_of(plan: Plan, labels: int = 0) -> Search:
    """Return a new search for `plan`; `labels` is how many a classifier has."""
    if labels:
        return Labels(plan, labels)
    if plan.sampling is not None:
        return Sample(plan, plan.sampling)
    return Greedy(plan) if plan.beam_size == 1 else Beam(plan)


class TokenItem(Item):
    """An item whose outputs are tokens."""

    search: Search

    def result(self) -> SequenceResult:
        """Return the answer; the search must be done."""
        outcomes = self.search.outcomes()
        assert outcomes, "a search ended without an outcome: this is a bug"
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


class TokenBatch(Batch[TokenItem]):
    """Steps return the best ids of each row; the items' searches choose among them."""

    _item_type = TokenItem

    def __init__(
        self,
        backend: Backend[Any],
        decoding: TokenDecoding,
        config: EngineConfig,
        observer: Observer,
        clock: Callable[[], float],
    ) -> None:
        """Begin with no rows."""
        super().__init__(backend, config, observer, clock)
        self._steps_of = backend
        self._decoding = decoding

    def _search(self, request: SequenceRequest) -> Search:
        return search_of(plan_of(request, self._decoding), len(self._decoding.labels))

    def _call(self, items: Sequence[TokenItem]) -> list[TokenItem]:
        parents = self._parents()
        tokens = self._tokens()
        steps = self._steps(items)
        began = self._clock()
        if steps > 0:
            result = self._steps_of.advance_greedy(parents, tokens, steps)
            self._stepped(len(parents), result.ids.shape[1], began)
            return self._take_steps(result)
        fetch = max(item.search.fetch for item in items)
        attention = any(item.request.options.want_attention for item in items)
        probes = self._probes(items)
        one = self._steps_of.advance(parents, tokens, probes, fetch, attention)
        self._observer.step(len(parents), 1, self._clock() - began)
        return self._take_step(one)

    def _tokens(self) -> Ints:
        """Return what each row is fed next, int32 [rows]; the end token for the dead."""
        tokens: list[int] = []
        for item, width in self._layout.slots():
            tokens += [self._decoding.eos] * width if item is None else item.search.tokens
        return np.array(tokens, np.int32)

    def _probes(self, items: Sequence[TokenItem]) -> Ints:
        """Return the ids that each row asks the log-probability of, int32 [rows, P], 0 for none."""
        most = max(len(item.search.probes) for item in items)
        probes = np.zeros((self._layout.rows, most), np.int32)
        if probes.size:
            for item, row in self._layout.places():
                ids = item.search.probes
                probes[row : row + item.width, : len(ids)] = ids
        return probes

    def _take_step(self, result: StepResult) -> list[TokenItem]:
        left: list[TokenItem] = []
        broken = np.isnan(result.log_probabilities.min(axis=1))
        for item, row in self._layout.places():
            rows = slice(row, row + item.width)
            if broken[rows].any():
                left += failed([item], FloatingPointError("a step returned not-a-number"))
                continue
            wanted = item.request.options.want_attention and result.attention is not None
            attention = result.attention[rows] if wanted and result.attention is not None else None
            item.search.advance(
                Candidates(
                    result.ids[rows],
                    result.log_probabilities[rows],
                    attention,
                    result.probe_log_probabilities[rows],
                )
            )
            if item.search.done:
                left.append(item)
        return left

    def _take_steps(self, result: StepsResult) -> list[TokenItem]:
        left: list[TokenItem] = []
        all_ids, all_gains = result.ids.tolist(), result.log_probabilities.tolist()
        for item, row in self._layout.places():
            assert isinstance(item.search, Greedy), "only greedy rows take several steps: a bug"
            gains = all_gains[row]
            item.search.extend(all_ids[row], gains)
            if item.search.total != item.search.total:
                left += failed([item], FloatingPointError("a step returned not-a-number"))
            elif item.search.done:
                left.append(item)
        return left
