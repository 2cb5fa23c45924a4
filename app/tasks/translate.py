"""Translate: pick the model, check and tokenize texts, decode them together, make text again."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from app.artifacts.manifest import TokenDecoding
from app.engine.request import (
    DecodeOptions,
    FinishReason,
    Hypothesis,
    SequenceRequest,
    SequenceResult,
)
from app.errors import FieldError, InvalidRequest
from app.tasks.catalogue import Catalogue
from app.tasks.loaded import LoadedModel
from app.tasks.options import Options, check_rows, resolve
from app.tasks.pieces import Piece, merge_weights, readable
from app.tasks.text import appends_eos, check_text, encode_texts

LARGE = 20_000
"""Characters of one request beyond which tokenizing would hold up the event loop: 5 ms or so."""


@dataclass(frozen=True)
class TranslateJob:
    """What a client asks for; `listed` says whether `texts` came as a list."""

    texts: tuple[str, ...]
    listed: bool
    target: str
    source: str | None = None
    model: str | None = None
    options: Options = field(default_factory=Options)
    want_alignments: bool = False

    def pointer(self, place: int) -> str:
        """Return where the text at `place` stands in the request."""
        return f"/text/{place}" if self.listed else "/text"


@dataclass(frozen=True)
class Alignment:
    """How much each target piece attended to each source piece: `weights` [targets][sources]."""

    source_tokens: tuple[str, ...]
    target_tokens: tuple[str, ...]
    weights: tuple[tuple[float, ...], ...]


@dataclass(frozen=True)
class Candidate:
    """One translation of a text; `score` is what candidates are ranked by, in nats."""

    text: str
    score: float
    finish_reason: FinishReason


@dataclass(frozen=True)
class Translation:
    """The candidates of one text, best first, and the best one's alignment."""

    candidates: tuple[Candidate, ...]
    alignment: Alignment | None


@dataclass(frozen=True)
class Translations:
    """The answer to a `TranslateJob`, in the order of its texts."""

    model: str
    version: int
    items: tuple[Translation, ...]
    source_tokens: int
    target_tokens: int


@dataclass(frozen=True)
class Prepared:
    """A job that is checked and tokenized: `items[i]` is `job.texts[i]`."""

    job: TranslateJob
    model: LoadedModel
    items: tuple[SequenceRequest, ...]

    @property
    def source_tokens(self) -> int:
        """How many ids the texts have, end tokens included."""
        return sum(int(item.source["tokens"].size) for item in self.items)


class Translator:
    """Translate with the models of a catalogue."""

    def __init__(self, catalogue: Catalogue, max_items: int) -> None:
        """Serve `catalogue`; a list may hold `max_items` texts."""
        self._catalogue = catalogue
        self._max_items = max_items

    async def prepare(self, job: TranslateJob) -> Prepared:
        """Check and tokenize a job; in a thread where the texts are long.

        Raises:
            InvalidRequest: a field is wrong; the error points to it.
            NotFound: no model of that name, or none for these languages.
        """
        model = self._catalogue.translator(job.source, job.target, job.model)
        self._check_count(len(job.texts))
        if sum(map(len, job.texts)) > LARGE:
            return await asyncio.to_thread(prepare, job, model)
        return prepare(job, model)

    async def run(self, prepared: Prepared, deadline: float | None) -> Translations:
        """Decode what was prepared; the rows are freed when this is cancelled.

        Raises:
            Refused: there is no room, or the service is shutting down.
            DeadlineExceeded: `deadline`, in `time.monotonic()` seconds, passed.
            EngineFailure: a step failed.
        """
        submission = prepared.model.engine.submit(prepared.items, deadline=deadline)
        try:
            results = await submission.results()
        finally:
            submission.cancel()
        if len(results) * prepared.items[0].options.n_best > 64:
            return await asyncio.to_thread(answer, prepared, results)
        return answer(prepared, results)

    def _check_count(self, count: int) -> None:
        if not count:
            message = "must hold at least one text"
            raise InvalidRequest("There is nothing to translate.", FieldError("/text", message))
        if count > self._max_items:
            message = f"holds {count} texts; the limit is {self._max_items}"
            raise InvalidRequest("The list is too long.", FieldError("/text", message))


def prepare(job: TranslateJob, model: LoadedModel) -> Prepared:
    """Check and tokenize every text of `job`; the first that is wrong fails the whole list."""
    manifest = model.artifact.manifest
    options = resolve(job.options, job.want_alignments, manifest)
    check_rows(len(job.texts), options.beam_size, model)
    prefix = _prefix(job, model)
    pointers = [job.pointer(place) for place in range(len(job.texts))]
    texts = [check_text(text, at) for text, at in zip(job.texts, pointers, strict=True)]
    items = []
    for ids in encode_texts(texts, pointers, model.source, manifest):
        decode = DecodeOptions(
            beam_size=options.beam_size,
            n_best=options.n_best,
            max_tokens=options.max_tokens(len(ids)),
            length_penalty=options.length_penalty,
            prefix=prefix,
            want_attention=job.want_alignments,
        )
        items.append(SequenceRequest({"tokens": np.asarray(ids, np.int32)}, decode))
    return Prepared(job, model, tuple(items))


def _prefix(job: TranslateJob, model: LoadedModel) -> tuple[int, ...]:
    manifest = model.artifact.manifest
    if not isinstance(manifest.decoding, TokenDecoding) or not manifest.decoding.prefixes:
        return ()
    for pair in manifest.languages:
        source_fits = job.source is None or pair.source.lower() == job.source.lower()
        if source_fits and pair.target.lower() == job.target.lower():
            return manifest.decoding.prefixes.get(f"{pair.source}-{pair.target}", ())
    return ()


def answer(prepared: Prepared, results: Sequence[SequenceResult]) -> Translations:
    """Turn the engine's results into text."""
    model = prepared.model
    items = tuple(
        Translation(
            tuple(_candidate(hypothesis, model) for hypothesis in result.hypotheses),
            _alignment(request, result.hypotheses[0], model),
        )
        for request, result in zip(prepared.items, results, strict=True)
    )
    hypotheses = [hypothesis for result in results for hypothesis in result.hypotheses]
    return Translations(
        model=model.artifact.name,
        version=model.artifact.version,
        items=items,
        source_tokens=prepared.source_tokens,
        target_tokens=sum(len(hypothesis.tokens) for hypothesis in hypotheses),
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
    assert text is not None, "a translator has tokenizers: this is a bug"
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


def _as_they_are(pieces: Sequence[str]) -> list[Piece]:
    return [Piece(piece, 1) for piece in pieces]
