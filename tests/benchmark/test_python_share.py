"""What is not TensorFlow's call is Python's share."""

from __future__ import annotations

from time import monotonic, sleep

from app.artifacts.manifest import TokenDecoding
from app.engine.backend import Ints, StepsResult
from app.engine.config import EngineConfig
from app.engine.observer import NullObserver
from app.engine.tokens import TokenBatch
from scripts.benchmark.python_share import Inside, share_of
from tests.fakes.running import request
from tests.fakes.spelling_backend import BOS, EOS, FakeBackend, spell


async def test_the_share_is_all_but_the_time_inside() -> None:
    backend = FakeBackend(spell({7: (10, 11)}))
    inside = Inside(lambda seconds: sleep(seconds))
    plain = backend.advance_greedy

    def advance(parents: Ints, tokens: Ints, steps: int) -> StepsResult:
        inside(0.05)
        return plain(parents, tokens, steps)

    backend.advance_greedy = advance  # type: ignore[method-assign]
    decoding = TokenDecoding(bos=BOS, eos=EOS, never=())
    batch = TokenBatch(backend, decoding, EngineConfig(), NullObserver(), monotonic)
    requests = [request(7)] * 65  # two groups
    share = await share_of(batch, requests, inside)
    assert inside.seconds >= 0.1
    assert 0.0 < share < 1.0
    nothing = Inside(lambda seconds: None)
    assert await share_of(batch, requests, nothing) == 1.0
