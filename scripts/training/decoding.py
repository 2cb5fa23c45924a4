"""Decode texts with an exported artifact, through the very engine and task that serve."""

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
from app.tasks.loading import load_model
from app.tasks.options import Options
from app.tasks.translate import TranslateJob, answer, prepare

CHUNK = 64  # sentences submitted together
ROWS = 256
PLENTY = 1_000_000


@dataclass(frozen=True)
class Decoded:
    """The best text for each input, and what it took."""

    texts: list[str]
    seconds: float
    tokens: int


class Decoder:
    """A loaded artifact that decodes lists of texts; a context manager that ends its engine."""

    def __init__(self, artifact: Artifact, *, exact: bool = False) -> None:
        """Load `artifact` on the CPU and start its engine."""
        cpus = available_cpus()
        config = EngineConfig(
            max_rows=ROWS,
            max_waiting=PLENTY,
            exact=exact,
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

    def translate(self, texts: Sequence[str], beam_size: int) -> Decoded:
        """Decode `texts`; the answers keep their order.

        Raises:
            TooLong: a text is longer than the manifest's limit.
        """
        return asyncio.run(self._translate(texts, beam_size))

    async def _translate(self, texts: Sequence[str], beam_size: int) -> Decoded:
        pair = self._model.artifact.manifest.languages[0]
        # Neighbours of one length waste the least padding.
        order = sorted(range(len(texts)), key=lambda place: len(texts[place]))
        chunks = [order[start : start + CHUNK] for start in range(0, len(order), CHUNK)]
        jobs = [
            TranslateJob(
                tuple(texts[place] for place in chunk),
                True,
                pair.target,
                pair.source,
                options=Options(beam_size=beam_size),
            )
            for chunk in chunks
        ]
        prepared = [prepare(job, self._model) for job in jobs]
        started, tokens = time.monotonic(), 0
        submissions = [self._model.engine.submit(one.items, deadline=None) for one in prepared]
        outputs = [""] * len(texts)
        for chunk, one, submission in zip(chunks, prepared, submissions, strict=True):
            translations = answer(one, await submission.results())
            tokens += translations.target_tokens
            for place, item in zip(chunk, translations.items, strict=True):
                outputs[place] = item.candidates[0].text
        return Decoded(outputs, time.monotonic() - started, tokens)
