"""Cancelled, late, failing, refused or drained: nothing is lost or left running."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from app.engine.config import EngineConfig
from app.engine.engine import Engine
from app.engine.observer import NullObserver
from app.errors import (
    Cancelled,
    DeadlineExceeded,
    Draining,
    EngineFailure,
    InvalidRequest,
    Overloaded,
)
from tests.fakes.running import DECODING, WORDS, Gate, outputs, request, running
from tests.fakes.spelling_backend import FakeBackend, spell


async def test_three_failures_in_a_row_mean_a_restart_and_a_success_forgives() -> None:
    broken = True

    def before(name: str) -> None:
        if broken and name == "advance_greedy":
            raise RuntimeError("broken")

    async with running(FakeBackend(spell(WORDS), before=before)) as engine:
        alive = []
        for _ in range(3):
            with pytest.raises(EngineFailure):
                await engine.submit([request(7)]).results()
            alive.append(engine.alive)
        assert alive == [True, True, False]
        broken = False
        assert outputs(await engine.submit([request(7)]).results()) == [WORDS[7]]
        assert engine.alive


async def test_a_cancelled_request_frees_its_rows_at_the_next_turn() -> None:
    gate = Gate("advance_greedy")
    backend = FakeBackend(spell(WORDS), before=gate)
    async with running(backend, max_rows=2, max_waiting=0, max_steps=1) as engine:
        lost = engine.submit([request(9), request(9)])
        await gate.wait()
        with pytest.raises(Overloaded):
            engine.submit([request(8)])
        lost.cancel()
        lost.cancel()
        gate.open.set()
        with pytest.raises(Cancelled):
            await lost.results()
        await asyncio.to_thread(engine.wait_idle, 30)
        assert backend.calls.count("advance_greedy") == 1
        assert outputs(await engine.submit([request(7), request(8)]).results()) == [
            WORDS[7],
            WORDS[8],
        ]


async def test_who_still_waits_learns_why_a_request_was_cancelled() -> None:
    async with running(FakeBackend(spell(WORDS))) as engine:
        lost = engine.submit([request(9)])
        lost.cancel(Draining("closing", retry_after=1.0))
        with pytest.raises(Draining):
            await lost.results()


async def test_a_waiting_request_that_is_cancelled_never_runs() -> None:
    gate = Gate("advance_greedy")
    backend = FakeBackend(spell(WORDS), before=gate)
    async with running(backend, max_rows=1) as engine:
        first = engine.submit([request(9)])
        await gate.wait()
        second = engine.submit([request(8)])
        second.cancel()
        gate.open.set()
        assert outputs(await first.results()) == [WORDS[9]]
        await asyncio.to_thread(engine.wait_idle, 30)
    assert backend.calls.count("encode") == 1


async def test_cancelling_the_await_cancels_the_submission() -> None:
    gate = Gate("advance_greedy")
    async with running(FakeBackend(spell(WORDS), before=gate)) as engine:
        submission = engine.submit([request(9)])
        task = asyncio.create_task(submission.results())
        await gate.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert submission.cancelled
        gate.open.set()


async def test_a_deadline_that_passes_ends_the_request() -> None:
    now = [100.0]
    gate = Gate("advance_greedy")
    backend = FakeBackend(spell(WORDS), before=gate)
    config = EngineConfig(max_steps=1)
    engine = Engine(backend, DECODING, config, NullObserver(), clock=lambda: now[0])
    engine.start()
    late = engine.submit([request(9)], deadline=101.0)
    in_time = engine.submit([request(7)], deadline=200.0)
    await gate.wait()
    now[0] = 102.0
    gate.open.set()
    with pytest.raises(DeadlineExceeded):
        await late.results()
    assert outputs(await in_time.results()) == [WORDS[7]]
    await asyncio.to_thread(engine.close)


def failing(call: str, times: int) -> Callable[[str], None]:
    left = [times]

    def before(name: str) -> None:
        if name == call and left[0] > 0:
            left[0] -= 1
            raise RuntimeError("a broken backend")

    return before


@pytest.mark.parametrize("call", ["encode", "join", "advance", "advance_greedy"])
async def test_a_failing_backend_fails_its_requests_and_the_engine_goes_on(call: str) -> None:
    async with running(FakeBackend(spell(WORDS), before=failing(call, 1))) as engine:
        with pytest.raises(EngineFailure, match="RuntimeError"):
            await engine.submit([request(7, beam_size=1 + (call == "advance"))]).results()
        assert engine.state == "ready"
        results = await engine.submit([request(7), request(8, beam_size=3)]).results()
        assert outputs(results) == [WORDS[7], WORDS[8]]


@pytest.mark.parametrize("beam_size", [1, 2])
async def test_not_a_number_fails_only_the_request_that_got_it(beam_size: int) -> None:
    law = spell(WORDS)

    def broken(source: tuple[int, ...], history: tuple[int, ...]) -> NDArray[np.float64]:
        values = law((source[0] if source[0] in WORDS else 7,), history)
        return values if source[0] in WORDS else values * np.nan

    async with running(FakeBackend(broken)) as engine:
        good = engine.submit([request(7, beam_size=beam_size)])
        bad = engine.submit([request(6, beam_size=beam_size)])
        with pytest.raises(EngineFailure):
            await bad.results()
        assert outputs(await good.results()) == [WORDS[7]]


async def test_an_engine_whose_thread_dies_says_so() -> None:
    engine = Engine(FakeBackend(spell(WORDS)), DECODING, EngineConfig(), Broken())
    caught: list[object] = []
    hook, threading.excepthook = threading.excepthook, lambda args: caught.append(args.exc_value)
    try:
        engine.start()
        with pytest.raises(EngineFailure):
            await engine.submit([request(7)]).results()
        await asyncio.to_thread(engine.close)
    finally:
        threading.excepthook = hook
    assert [type(error) for error in caught] == [ZeroDivisionError]
    assert engine.state == "failed"
    with pytest.raises(EngineFailure):
        engine.submit([request(7)])


class Broken(NullObserver):
    """An observer that breaks its promise never to raise."""

    def admitted(self, rows: int, waited: float) -> None:
        """Raise."""
        raise ZeroDivisionError


async def test_a_draining_engine_finishes_what_it_has_and_refuses_more() -> None:
    gate = Gate("advance_greedy")
    async with running(FakeBackend(spell(WORDS), before=gate)) as engine:
        present = engine.submit([request(9)])
        await gate.wait()
        engine.drain()
        assert engine.state == "draining"
        with pytest.raises(Draining):
            engine.submit([request(7)])
        gate.open.set()
        assert await asyncio.to_thread(engine.wait_idle, 30)
        assert outputs(await present.results()) == [WORDS[9]]


async def test_closing_fails_what_is_left() -> None:
    gate = Gate("advance_greedy")
    engine = Engine(
        FakeBackend(spell(WORDS), before=gate),
        DECODING,
        EngineConfig(max_rows=1, max_steps=1),
        NullObserver(),
    )
    engine.start()
    submissions = [engine.submit([request(9)]) for _ in range(3)]
    await gate.wait()
    closing = asyncio.create_task(asyncio.to_thread(engine.close))
    while engine.state == "ready":
        await asyncio.to_thread(time.monotonic)
    gate.open.set()
    await closing
    for submission in submissions:
        with pytest.raises(Draining):
            await submission.results()
    assert (engine.rows_in_use, engine.waiting) == (0, 0)


async def test_admission_is_all_or_nothing_and_says_when_to_come_again() -> None:
    gate = Gate("encode")
    async with running(FakeBackend(spell(WORDS), before=gate), max_rows=2, max_waiting=2) as engine:
        first = engine.submit([request(7), request(8)])
        with pytest.raises(Overloaded) as refusal:
            engine.submit([request(7)] * 3)
        assert refusal.value.retry_after >= 1.0
        second = engine.submit([request(8), request(7)])
        with pytest.raises(InvalidRequest, match="beam"):
            engine.submit([request(7, beam_size=3)])
        with pytest.raises(InvalidRequest, match="no items"):
            engine.submit([])
        gate.open.set()
        assert outputs(await first.results()) == [WORDS[7], WORDS[8]]
        assert outputs(await second.results()) == [WORDS[8], WORDS[7]]
