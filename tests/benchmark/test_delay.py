"""How long a beam's tokens are held back is counted from the step that decoded them."""

from __future__ import annotations

from itertools import count
from time import monotonic

import pytest

from app.artifacts.manifest import TokenDecoding
from app.engine.config import EngineConfig
from app.engine.observer import NullObserver
from app.engine.request import SequenceRequest
from app.engine.tokens import TokenBatch
from scripts.benchmark.delay import Watch, measure
from tests.fakes.running import request
from tests.fakes.spelling_backend import BOS, EOS, FakeBackend, spell


class Scripted:
    """An item whose search tells so many tokens after each step, and is done after the last."""

    def __init__(self, *told: int) -> None:
        self.search = self
        self._told = list(told)

    def stable(self) -> list[int]:
        return [9] * self._told.pop(0)

    @property
    def done(self) -> bool:
        return not self._told


def test_a_delay_ends_with_the_step_that_tells() -> None:
    clock = count(step=10)
    watch = Watch([Scripted(0, 2, 2, 3)], lambda: float(next(clock)))  # type: ignore[list-item]
    assert [watch.look() for _ in range(4)] == [True, True, True, False]
    assert watch.delays.steps == [1, 0, 1]  # of the tokens of steps 1, 2 and 3
    assert watch.delays.seconds == [10.0, 0.0, 10.0]
    assert watch.delays.at_the_end == [False, False, True]
    summary = watch.delays.summary()
    assert (summary["tokens"], summary["median_steps"], summary["median_ms"]) == (3, 1.0, 10_000.0)
    assert summary["share_at_the_end"] == pytest.approx(1 / 3, abs=1e-3)


async def test_every_token_of_every_answer_is_counted() -> None:
    words = {7: (10, 11, 12), 8: (13,)}
    decoding = TokenDecoding(bos=BOS, eos=EOS, never=())
    backend = FakeBackend(spell(words))
    batch = TokenBatch(backend, decoding, EngineConfig(), NullObserver(), monotonic)
    requests: list[SequenceRequest] = [request(7 + n % 2, beam_size=2) for n in range(20)]
    delays = await measure(batch, requests)
    assert len(delays.steps) == 10 * 3 + 10 * 1
    assert min(delays.steps) >= 0
    assert max(delays.steps) <= 3
