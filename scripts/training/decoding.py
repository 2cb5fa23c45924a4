"""Decode texts with an exported artifact, through the engine that serves."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

from app.artifacts.store import Artifact
from app.engine.config import EngineConfig
from app.engine.cpus import available_cpus
from app.engine.engine import Engine
from app.engine.observer import NullObserver
from app.tasks.loaded import LoadedModel, load_tokenizers
from app.tasks.translate import prepare_item

CHUNK = 64  # sentences submitted together


@dataclass(frozen=True)
class Decoded:
    """The best text for each input, and what it took."""

    texts: list[str]
    seconds: float
    tokens: int


class Decoder:
    """A loaded artifact that decodes lists of texts; a context manager that ends its engine."""

    def __init__(self, artifact: Artifact, max_rows: int = 256) -> None:
        """Load `artifact` on the CPU with room for `max_rows` rows."""
        config = EngineConfig(
            max_rows=max_rows,
            max_waiting=1_000_000,
            exact=False,
            device="cpu",
            intra_threads=available_cpus(),
            inter_threads=available_cpus(),
        )
        engine = Engine.load(artifact, config, NullObserver())
        source, target = load_tokenizers(artifact)
        self.model = LoadedModel(artifact, engine, source, target)

    def __enter__(self) -> Decoder:
        """Start the engine."""
        self.model.engine.start()
        return self

    def __exit__(self, *_: object) -> None:
        """End the engine."""
        self.model.engine.close()

    def translate(self, texts: Sequence[str], beam_size: int) -> Decoded:
        """Decode `texts` in order; longer ones than the model reads are an error.

        Raises:
            TooLong: a text is longer than the manifest's limit.
        """
        return asyncio.run(self._translate(texts, beam_size))

    async def _translate(self, texts: Sequence[str], beam_size: int) -> Decoded:
        items = [prepare_item(self.model, text, f"/text/{i}") for i, text in enumerate(texts)]
        items = [replace(x, options=replace(x.options, beam_size=beam_size)) for x in items]
        # Neighbours of one length waste the least padding; the answers go back in order.
        order = sorted(range(len(items)), key=lambda i: len(items[i].source["tokens"]))
        outputs = [""] * len(items)
        started, tokens = time.monotonic(), 0
        chunks = [order[i : i + CHUNK] for i in range(0, len(order), CHUNK)]
        submissions = [
            self.model.engine.submit([items[i] for i in chunk], deadline=None) for chunk in chunks
        ]
        for chunk, submission in zip(chunks, submissions, strict=True):
            for index, result in zip(chunk, await submission.results(), strict=True):
                best = result.hypotheses[0]
                tokens += len(best.tokens)
                outputs[index] = self.model.target.decode(best.tokens)
        return Decoded(outputs, time.monotonic() - started, tokens)
