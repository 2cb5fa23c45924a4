"""What a client gets: the engine's results turned into text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from app.engine.request import FinishReason, Hypothesis, SequenceResult
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
class Output:
    """The candidates of one item, best first, and where the model looked for the best one.

    `alignment` is for texts, `gaze` for images; `source` is what was read of a text.
    """

    candidates: tuple[Candidate, ...]
    source: Source | None
    alignment: Alignment | None
    gaze: Gaze | None


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
    """Turn the engine's results into text."""
    model = prepared.model
    items = tuple(
        Output(
            tuple(_candidate(hypothesis, model) for hypothesis in result.hypotheses),
            source,
            None if source is None else align(result.hypotheses[0], source, model),
            gaze(result.hypotheses[0], model) if source is None else None,
        )
        for result, source in zip(results, prepared.sources, strict=True)
    )
    hypotheses = [hypothesis for result in results for hypothesis in result.hypotheses]
    return Answer(
        model=model.artifact.name,
        version=model.artifact.version,
        items=items,
        source_tokens=prepared.source_tokens,
        target_tokens=sum(len(hypothesis.tokens) for hypothesis in hypotheses),
        seed=prepared.seed,
    )


def _candidate(hypothesis: Hypothesis, model: LoadedModel) -> Candidate:
    text = model.target.decode(hypothesis.tokens)
    return Candidate(text, round(float(hypothesis.score), 6), hypothesis.finish_reason)
