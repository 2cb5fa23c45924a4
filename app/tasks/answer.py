"""What a client gets: the engine's results turned into text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from app.engine.request import FinishReason, Hypothesis, SequenceRequest, SequenceResult
from app.tasks.job import Prepared, Source
from app.tasks.loaded import LoadedModel
from app.tasks.pieces import Piece, merge_weights, readable
from app.tasks.text import appends_eos
from app.text.words import count_words


@dataclass(frozen=True)
class Alignment:
    """How much each target piece attended to each source piece: `weights` [targets][sources]."""

    source_tokens: tuple[str, ...]
    target_tokens: tuple[str, ...]
    weights: tuple[tuple[float, ...], ...]


@dataclass(frozen=True)
class Candidate:
    """One output for a text; `score` is what candidates are ranked by, in nats."""

    text: str
    score: float
    finish_reason: FinishReason

    @property
    def words(self) -> int:
        """How many words it has, counted as the word limits count them."""
        return count_words(self.text)


@dataclass(frozen=True)
class Output:
    """The candidates of one text, best first, the best one's alignment, and what was read."""

    candidates: tuple[Candidate, ...]
    alignment: Alignment | None
    source: Source


@dataclass(frozen=True)
class Answer:
    """The answer to a job, in the order of its texts."""

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
            _alignment(request, result.hypotheses[0], model),
            source,
        )
        for request, result, source in zip(prepared.items, results, prepared.sources, strict=True)
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


def _alignment(
    request: SequenceRequest, hypothesis: Hypothesis, model: LoadedModel
) -> Alignment | None:
    if not request.options.want_attention or hypothesis.attention is None:
        return None
    manifest = model.artifact.manifest
    text = manifest.text
    assert text is not None, "a text model has tokenizers: this is a bug"
    spell = readable if text.tokenizer == "subword" else _as_they_are
    sources = spell(model.source.pieces([int(i) for i in request.source["tokens"]]))
    targets = spell(model.target.pieces(hypothesis.tokens))
    if appends_eos(manifest):
        sources = [*sources[:-1], Piece("</s>", 1)]
    weights = merge_weights(
        hypothesis.attention[:, : request.source["tokens"].size], targets, sources
    )
    return Alignment(
        tuple(piece.text for piece in sources),
        tuple(piece.text for piece in targets),
        tuple(tuple(round(float(weight), 4) for weight in row) for row in weights),
    )


def _as_they_are(entries: Sequence[str]) -> list[Piece]:
    return [Piece(entry, 1) for entry in entries]
