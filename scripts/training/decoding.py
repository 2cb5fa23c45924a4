"""Decode texts, pictures or series with an exported artifact, by the very engine that serves."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from app.artifacts.store import Artifact
from app.engine.config import EngineConfig
from app.engine.cpus import available_cpus
from app.engine.observer import NullObserver
from app.engine.request import SequenceResult
from app.errors import TooLong
from app.tasks.alignment import Alignment, align
from app.tasks.loading import load_model
from app.tasks.options import Options
from scripts.training.asking import Source, prepare, requests_of

CHUNK = 64  # sources submitted together
ROWS = 256
PLENTY = 1_000_000


@dataclass(frozen=True)
class Decoded:
    """The best text for each input, and what it took."""

    texts: list[str]
    seconds: float
    tokens: int


class Decoder:
    """A loaded artifact that decodes lists of sources; a context manager that ends its engine."""

    def __init__(self, artifact: Artifact, *, exact: bool = False, int8: bool = False) -> None:
        """Load `artifact` on the CPU and start its engine; `exact` and `int8` as `EngineConfig`."""
        cpus = available_cpus()
        config = EngineConfig(
            max_rows=ROWS,
            max_waiting=PLENTY,
            exact=exact,
            int8=int8,
            device="cpu",
            intra_threads=cpus,
            inter_threads=cpus,
        )
        self._model = load_model(artifact, config, NullObserver())

    def __enter__(self) -> Self:
        """Return the decoder."""
        return self

    def __exit__(self, *_: object) -> None:
        """End the engine."""
        self._model.engine.close()

    def decode_texts(self, sources: Sequence[Source], beam_size: int, target: str = "") -> Decoded:
        """Decode `sources` in batches to texts; the answers keep their order.

        An article that is too long for a model that summarizes is read up to its limit. `target` is
        the language to translate into, if not the model's first.

        Raises:
            TooLong: a text to translate is longer than the manifest's limit.
            ArtifactError: the model does not translate into `target`.
        """
        # Neighbours of one length waste the least padding; pictures are all of one size.
        lengths = [len(source) if isinstance(source, str) else 0 for source in sources]
        order = sorted(range(len(sources)), key=lambda place: lengths[place])
        started = time.monotonic()
        results = self.decode([sources[place] for place in order], beam_size, CHUNK, target=target)
        seconds = time.monotonic() - started
        best = [result.hypotheses[0].tokens for result in results]
        outputs = [""] * len(sources)
        for place, tokens in zip(order, best, strict=True):
            outputs[place] = self._model.target.decode(tokens)
        return Decoded(outputs, seconds, sum(map(len, best)))

    def alignments(self, texts: Sequence[str]) -> list[Alignment]:
        """Return where the model looks for each of `texts`, greedily.

        Raises:
            UnsupportedOption: it does not attend.
        """
        return asyncio.run(self._align(texts))

    def go_on(self, sources: Sequence[Source]) -> list[SequenceResult]:
        """Return what a model of numbers or of labels makes of each of `sources`."""
        return asyncio.run(self._decode(sources, Options(), CHUNK, at_once=True))

    def reads(self, source: str) -> bool:
        """Whether a text is short enough for the model."""
        try:
            requests_of([source], self._model, Options())
        except TooLong:
            return False
        return True

    def candidates(self, sources: Sequence[str], count: int, target: str = "") -> list[list[str]]:
        """Return the `count` best texts for each source, best first, of a beam of that size."""
        options = Options(beam_size=count, n_best=count)
        results = asyncio.run(self._decode(sources, options, CHUNK, at_once=True, target=target))
        write = self._model.target.decode
        return [[write(found.tokens) for found in result.hypotheses] for result in results]

    def decode(
        self,
        sources: Sequence[Source],
        beam_size: int,
        chunk: int,
        *,
        at_once: bool = True,
        target: str = "",
    ) -> list[SequenceResult]:
        """Decode `sources` in submissions of `chunk`, submitted at once or one after another."""
        options = Options(beam_size=beam_size)
        return asyncio.run(self._decode(sources, options, chunk, at_once, target))

    async def _decode(
        self,
        sources: Sequence[Source],
        options: Options,
        chunk: int,
        at_once: bool,
        target: str = "",
    ) -> list[SequenceResult]:
        groups = [sources[at : at + chunk] for at in range(0, len(sources), chunk)]
        submit = self._model.engine.submit
        items = [requests_of(group, self._model, options, target=target) for group in groups]
        if at_once:
            submissions = [submit(group, deadline=None) for group in items]
            answers = [await submission.results() for submission in submissions]
        else:
            answers = [await submit(group, deadline=None).results() for group in items]
        return [result for answer in answers for result in answer]

    async def _align(self, texts: Sequence[str]) -> list[Alignment]:
        prepared = prepare(texts, self._model, Options(beam_size=1), want_alignments=True)
        results = await self._model.engine.submit(prepared.items, deadline=None).results()
        found = []
        for result, source in zip(results, prepared.sources, strict=True):
            assert source is not None, "a text was read: this is a bug"
            alignment = align(result.hypotheses[0], source, self._model)
            assert alignment is not None, "attention was asked for: this is a bug"
            found.append(alignment)
        return found
