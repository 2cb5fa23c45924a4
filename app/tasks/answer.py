"""What a client gets: the engine's results turned into text."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from app.engine.request import FinishReason, Hypothesis, SequenceResult
from app.errors import FieldError, InvalidRequest
from app.search.series import Value
from app.tasks.alignment import Alignment, align
from app.tasks.gaze import Gaze, gaze
from app.tasks.job import Prepared, Source
from app.tasks.loaded import LoadedModel
from app.text.words import count_words


@dataclass(frozen=True)
class Candidate:
    """One output for an item; `score` is what candidates are ranked by, in nats."""

    text: str
    score: float
    finish_reason: FinishReason

    @property
    def words(self) -> int:
        """How many words it has, counted as the word limits count them."""
        return count_words(self.text)


@dataclass(frozen=True)
class Label:
    """One label of a classifier; the probabilities of all of them add up to 1."""

    name: str
    probability: float


@dataclass(frozen=True)
class Output:
    """The candidates of one item, best first, and where the model looked for the best one.

    `alignment` is for texts, `gaze` for images; `source` is what was read of a text. A model that
    writes no text has no candidates, but `values` [steps][features], or `labels`, likeliest first.
    """

    candidates: tuple[Candidate, ...]
    source: Source | None
    alignment: Alignment | None = None
    gaze: Gaze | None = None
    values: tuple[Value, ...] = ()
    labels: tuple[Label, ...] = ()

    @property
    def length(self) -> int:
        """How many steps were written, or labels decided on; tokens are the candidates'."""
        return len(self.values) + bool(self.labels)


@dataclass(frozen=True)
class Answer:
    """The answer to a job, in the order of its items."""

    model: str
    version: int
    items: tuple[Output, ...]
    source_tokens: int
    target_tokens: int
    seed: int | None = None


def answer(prepared: Prepared, results: Sequence[SequenceResult]) -> Answer:
    """Turn the engine's results into what the model writes.

    Raises:
        InvalidRequest: numbers came out that are not finite.
    """
    model = prepared.model
    writes = model.artifact.manifest.target_kind
    pairs = zip(results, prepared.sources, strict=True)
    if writes == "series":
        items = tuple(Output((), source, values=result.values) for result, source in pairs)
        for place, item in enumerate(items):
            check_finite(item.values, prepared, place)
    elif writes == "label":
        items = tuple(Output((), source, labels=_labels(result, model)) for result, source in pairs)
    else:
        items = tuple(_text(result, source, model) for result, source in pairs)
    written = [] if writes == "label" else results
    hypotheses = [hypothesis for result in written for hypothesis in result.hypotheses]
    return Answer(
        model=model.artifact.name,
        version=model.artifact.version,
        items=items,
        source_tokens=prepared.source_tokens,
        target_tokens=sum(len(hypothesis.tokens) for hypothesis in hypotheses)
        + sum(item.length for item in items),
        seed=prepared.seed,
    )


def check_finite(values: Sequence[Value], prepared: Prepared, place: int) -> None:
    """Refuse what JSON cannot hold: numbers so large that the model's own ran over.

    Raises:
        InvalidRequest: they did; the error points to the item.
    """
    if not all(math.isfinite(number) for value in values for number in value):
        field = FieldError(prepared.job.pointer(place), "leads to numbers that are not finite")
        raise InvalidRequest("The model cannot go on from this series.", field)


def _text(result: SequenceResult, source: Source | None, model: LoadedModel) -> Output:
    best = result.hypotheses[0]
    return Output(
        tuple(_candidate(hypothesis, model) for hypothesis in result.hypotheses),
        source,
        None if source is None else align(best, source, model),
        gaze(best, model) if source is None else None,
    )


def _labels(result: SequenceResult, model: LoadedModel) -> tuple[Label, ...]:
    names = model.artifact.manifest.labels
    return tuple(
        Label(names[found.tokens[0]], round(math.exp(found.log_probability), 6))
        for found in result.hypotheses
    )


def _candidate(hypothesis: Hypothesis, model: LoadedModel) -> Candidate:
    text = model.target.decode(hypothesis.tokens)
    return Candidate(text, round(float(hypothesis.score), 6), hypothesis.finish_reason)
