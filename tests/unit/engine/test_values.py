"""The engine with a fake backend of numbers: rows join, leave, end early, and are never mixed."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.artifacts.manifest import ValueDecoding
from app.engine.backend import Floats, Ints, Source, ValuesResult
from app.engine.config import EngineConfig
from app.engine.engine import Engine
from app.engine.observer import NullObserver
from app.engine.request import SequenceRequest, SequenceResult
from app.errors import Cancelled, DeadlineExceeded, EngineFailure, Overloaded
from tests.fakes.running import Gate

STEPS = 5
DECODING = ValueDecoding(start=(1.0,), steps=STEPS)


@dataclass(frozen=True)
class Encoded:
    """What each source adds at every step."""

    sums: tuple[float, ...]

    @property
    def lengths(self) -> Sequence[int]:
        return [0] * len(self.sums)


class AddingBackend:
    """Satisfies `ValueBackend[Encoded]`: a row adds the sum of its source to what it is fed."""

    def __init__(self, before: Callable[[str], None] = lambda name: None) -> None:
        self.rows: list[float] = []
        self.most_rows = 0
        self._before = before

    def encode(self, sources: Sequence[Source]) -> Encoded:
        return Encoded(tuple(float(source["values"].sum()) for source in sources))

    def join(self, encoded: Encoded, keep: Ints, repeats: Ints) -> None:
        assert (repeats == 1).all()
        self.rows = [self.rows[row] for row in keep.tolist()] + list(encoded.sums)

    def advance_values(self, parents: Ints, values: Floats, steps: int) -> ValuesResult:
        self._before("advance_values")
        self.rows = [self.rows[parent] for parent in parents.tolist()]
        self.most_rows = max(self.most_rows, len(self.rows))
        taken = np.arange(1, steps + 1)[None, :, None]
        return ValuesResult(values[:, None, :] + taken * np.array(self.rows)[:, None, None])

    def reset(self) -> None:
        self.rows = []


@asynccontextmanager
async def running(backend: AddingBackend, **config: object) -> AsyncIterator[Engine]:
    engine = Engine(backend, DECODING, EngineConfig(**config), NullObserver())  # type: ignore[arg-type]
    engine.start()
    try:
        yield engine
    finally:
        await asyncio.to_thread(engine.close)
        assert (engine.rows_in_use, engine.waiting) == (0, 0)


def request(*values: float) -> SequenceRequest:
    column = np.array(values, np.float32)[:, None]
    return SequenceRequest({"values": column, "mask": np.ones(len(values), np.bool_)})


def wanted(*values: float) -> SequenceResult:
    total = sum(values)
    series = tuple((1.0 + total * step,) for step in range(1, STEPS + 1))
    return SequenceResult((), len(values), series)


@settings(max_examples=20, deadline=None)
@given(
    sources=st.lists(st.lists(st.integers(-9, 9), min_size=1, max_size=6), min_size=1, max_size=12),
    max_rows=st.integers(1, 6),
    max_steps=st.sampled_from([1, 2, 8]),
    encode_tokens=st.sampled_from([1, 4, 512]),
)
def test_series_do_not_depend_on_company_order_or_capacity(
    sources: list[list[int]], max_rows: int, max_steps: int, encode_tokens: int
) -> None:
    async def decode() -> None:
        backend = AddingBackend()
        config = {"max_rows": max_rows, "max_steps": max_steps, "encode_tokens": encode_tokens}
        items = [request(*source) for source in sources]
        async with running(backend, **config) as engine:
            apart = [engine.submit([item]) for item in reversed(items)]
            together = await engine.submit(items).results()
            assert together == [wanted(*source) for source in sources]
            assert [(await one.results())[0] for one in reversed(apart)] == together
        assert backend.most_rows <= max(max_rows * 4 / 3, 1)

    asyncio.run(decode())


async def test_a_stream_tells_the_values_so_far() -> None:
    async with running(AddingBackend(), max_steps=2) as engine:
        submission = engine.submit([request(2)], streams=True)
        told = [list(news[0]) async for news in submission.updates()]
        (result,) = await submission.results()
    for before, after in itertools.pairwise(told):
        assert after[: len(before)] == before
    assert told[-1] == list(result.values[: len(told[-1])])


async def test_a_cancelled_series_frees_its_row_and_a_late_one_is_told() -> None:
    gate = Gate("advance_values")
    async with running(AddingBackend(gate), max_rows=2, max_waiting=0, max_steps=1) as engine:
        lost = engine.submit([request(1), request(2)])
        await gate.wait()
        with pytest.raises(Overloaded):
            engine.submit([request(3)])
        lost.cancel()
        gate.open.set()
        with pytest.raises(Cancelled):
            await lost.results()
        assert await asyncio.to_thread(engine.wait_idle, 30)
        late = engine.submit([request(3)], deadline=time.monotonic() - 1.0)
        with pytest.raises(DeadlineExceeded):
            await late.results()
        assert await asyncio.to_thread(engine.wait_idle, 30)
        assert await engine.submit([request(4)]).results() == [wanted(4)]


async def test_a_broken_step_costs_its_series_and_no_others() -> None:
    broken = True

    def before(name: str) -> None:
        if broken:
            raise RuntimeError("injected")

    async with running(AddingBackend(before)) as engine:
        with pytest.raises(EngineFailure):
            await engine.submit([request(1)]).results()
        broken = False
        assert await engine.submit([request(1)]).results() == [wanted(1)]
        assert engine.alive


async def test_a_value_that_runs_over_is_passed_on_and_stays_in_its_row() -> None:
    async with running(AddingBackend()) as engine:
        infinite, plain = await engine.submit([request(float("inf")), request(1)]).results()
    assert set(infinite.values) == {(float("inf"),)}
    assert plain == wanted(1)
