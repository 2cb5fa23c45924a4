"""An engine over a fake backend, and what its tests ask of it."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator

import numpy as np

from app.artifacts.manifest import TokenDecoding
from app.engine.config import EngineConfig
from app.engine.engine import Engine
from app.engine.observer import NullObserver
from app.engine.request import DecodeOptions, SequenceRequest, SequenceResult
from tests.fakes.spelling_backend import BOS, EOS, PAD, UNK, FakeBackend

DECODING = TokenDecoding(bos=BOS, eos=EOS, never=(PAD, BOS, UNK))
WORDS = {7: (10, 11, 12), 8: (13,), 9: (*range(4, 16), *range(4, 10))}


def request(source: int, **options: object) -> SequenceRequest:
    return SequenceRequest({"tokens": np.array([source, EOS], np.int32)}, DecodeOptions(**options))  # type: ignore[arg-type]


@contextlib.asynccontextmanager
async def running(backend: FakeBackend, **config: object) -> AsyncIterator[Engine]:
    engine = Engine(backend, DECODING, EngineConfig(**config), NullObserver())  # type: ignore[arg-type]
    engine.start()
    try:
        yield engine
    finally:
        await asyncio.to_thread(engine.close)
        assert (engine.rows_in_use, engine.waiting) == (0, 0)


def outputs(results: list[SequenceResult]) -> list[tuple[int, ...]]:
    return [result.hypotheses[0].tokens for result in results]


class Gate:
    """Holds the engine's thread at a call until it is opened."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.reached = threading.Event()
        self.open = threading.Event()

    def __call__(self, name: str) -> None:
        if name == self.name and not self.open.is_set():
            self.reached.set()
            self.open.wait(30)

    async def wait(self) -> None:
        assert await asyncio.to_thread(self.reached.wait, 30)
