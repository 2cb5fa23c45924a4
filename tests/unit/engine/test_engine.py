"""The engine with a fake backend: nothing is lost, doubled, mixed up or left running."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import threading
import time
from collections.abc import AsyncIterator, Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from app.artifacts.manifest import TokenDecoding
from app.engine.config import EngineConfig
from app.engine.engine import Engine
from app.engine.observer import NullObserver
from app.engine.request import DecodeOptions, SequenceRequest, SequenceResult
from app.engine.submission import Submission
from app.errors import (
    Cancelled,
    DeadlineExceeded,
    Draining,
    EngineFailure,
    InvalidRequest,
    Overloaded,
)
from app.search.step import SamplingPlan
from tests.fakes.spelling_backend import BOS, EOS, PAD, UNK, FakeBackend, noise, spell

DECODING = TokenDecoding(bos=BOS, eos=EOS, never=(PAD, BOS, UNK))
WORDS = {7: (10, 11, 12), 8: (13,), 9: (*range(4, 16), *range(4, 10))}
VOCABULARY = 9


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


async def test_words_are_spelt_in_order_whatever_their_length() -> None:
    async with running(FakeBackend(spell(WORDS)), max_rows=2) as engine:
        results = await engine.submit([request(s) for s in (7, 8, 9, 8, 7)]).results()
    assert outputs(results) == [WORDS[s] for s in (7, 8, 9, 8, 7)]
    assert {result.hypotheses[0].finish_reason for result in results} == {"stop"}


async def follow(submission: Submission) -> dict[int, list[list[int]]]:
    """Collect all updates of each item."""
    told: dict[int, list[list[int]]] = {}
    async for news in submission.updates():
        for index, tokens in news.items():
            told.setdefault(index, []).append(list(tokens))
    return told


@pytest.mark.parametrize("beam_size", [1, 3])
async def test_what_a_stream_tells_only_grows_and_begins_the_result(beam_size: int) -> None:
    async with running(FakeBackend(spell(WORDS)), max_rows=4, max_steps=2) as engine:
        items = [request(source, beam_size=beam_size) for source in (9, 7, 9)]
        submission = engine.submit(items, streams=True)
        told = await follow(submission)
        results = outputs(await submission.results())
    assert results == [WORDS[9], WORDS[7], WORDS[9]]
    assert set(told) == {0, 1, 2}
    for index, steps in told.items():
        for before, after in itertools.pairwise(steps):
            assert after[: len(before)] == before
        assert list(results[index][: len(steps[-1])]) == steps[-1]


async def test_a_stream_begins_long_before_it_ends() -> None:
    gate = Gate("advance_greedy")
    calls: list[str] = []

    def before(name: str) -> None:
        calls.append(name)
        if calls.count("advance_greedy") == 2:
            gate(name)

    async with running(FakeBackend(spell(WORDS), before=before), max_steps=2) as engine:
        submission = engine.submit([request(9)], streams=True)
        first = await anext(submission.updates())
        assert first == {0: list(WORDS[9][:2])}
        gate.open.set()
        assert outputs(await submission.results()) == [WORDS[9]]


async def test_a_stream_ends_with_its_error() -> None:
    def before(name: str) -> None:
        if name == "advance_greedy":
            raise RuntimeError("broken")

    async with running(FakeBackend(spell(WORDS), before=before)) as engine:
        submission = engine.submit([request(9)], streams=True)
        assert await follow(submission) == {}
        with pytest.raises(EngineFailure):
            await submission.results()


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


async def test_everything_works_in_one_batch_row_by_row() -> None:
    sampling = SamplingPlan(seed=5, top_k=4)
    kinds: list[dict[str, object]] = [
        {},
        {"beam_size": 3, "n_best": 2},
        {"sampling": sampling, "n_best": 2},
        {"forced": (5, 6)},
        {"beam_size": 2, "forced": (4,), "min_tokens": 3},
        {"no_repeat_ngram": 2, "want_attention": True},
    ]
    law = noise(VOCABULARY, 11)
    alone = []
    for kind in kinds:
        async with running(FakeBackend(law)) as engine:
            alone += await engine.submit([request(9, max_tokens=9, **kind)]).results()
    async with running(FakeBackend(law), max_rows=16) as engine:
        items = [request(9, max_tokens=9, **kind) for kind in kinds]
        together = await engine.submit(items).results()
    assert together == alone
    assert together[3].hypotheses[0].tokens[:2] == (5, 6)


async def test_a_beam_that_runs_out_of_things_to_say_ends() -> None:
    options = {"beam_size": 2, "no_repeat_ngram": 2, "min_tokens": 40, "max_tokens": 60}
    async with running(FakeBackend(noise(6, 3))) as engine:
        (result,) = await engine.submit([request(9, **options)]).results()
        assert result.hypotheses[0].tokens
        assert len(await engine.submit([request(9)]).results()) == 1


async def test_a_forced_id_without_any_chance_still_comes() -> None:
    def law(source: tuple[int, ...], history: tuple[int, ...]) -> NDArray[np.float64]:
        values = np.full(VOCABULARY, -np.inf)
        values[EOS] = 0.0
        return values

    async with running(FakeBackend(law)) as engine:
        for beam_size in (1, 2):
            items = [request(9, beam_size=beam_size, forced=(5, 6))]
            (result,) = await engine.submit(items).results()
            assert result.hypotheses[0].tokens == (5, 6)


async def test_the_limit_is_a_finish_reason() -> None:
    async with running(FakeBackend(spell(WORDS))) as engine:
        (result,) = await engine.submit([request(9, max_tokens=3)]).results()
    assert result.hypotheses[0].tokens == (4, 5, 6)
    assert result.hypotheses[0].finish_reason == "length"
    assert result.source_tokens == 2


async def test_attention_has_a_row_a_token_as_wide_as_the_source() -> None:
    async with running(FakeBackend(spell(WORDS))) as engine:
        wide = SequenceRequest({"tokens": np.array([9] * 6, np.int32)}, DecodeOptions())
        asked = request(8, want_attention=True, beam_size=2)
        results = await engine.submit([wide, asked]).results()
    assert results[0].hypotheses[0].attention is None
    attention = results[1].hypotheses[0].attention
    assert attention is not None
    assert attention.tolist() == [[1.0, 0.0]]


async def test_the_prefix_is_fed_but_not_told() -> None:
    async with running(FakeBackend(noise(VOCABULARY))) as engine:
        options = {"prefix": (5, 6), "max_tokens": 4}
        first = await engine.submit([request(7, **options)]).results()
        both = await engine.submit([request(7, **options), request(8)]).results()
    assert outputs(both)[0] == outputs(first)[0]


def many(draw: list[tuple[int, int, int]]) -> list[SequenceRequest]:
    return [
        request(source, beam_size=beam, n_best=beam, max_tokens=limit)
        for source, beam, limit in draw
    ]


@settings(max_examples=25, deadline=None)
@given(
    batch=st.lists(
        st.tuples(st.integers(4, 40), st.integers(1, 4), st.integers(1, 12)),
        min_size=1,
        max_size=14,
    ),
    max_rows=st.integers(4, 12),
    max_steps=st.sampled_from([1, 3, 8]),
    encode_tokens=st.sampled_from([1, 4, 512]),
)
def test_results_do_not_depend_on_company_order_or_capacity(
    batch: list[tuple[int, int, int]], max_rows: int, max_steps: int, encode_tokens: int
) -> None:
    async def decode() -> None:
        items = many(batch)
        alone: list[SequenceResult] = []
        async with running(FakeBackend(noise(VOCABULARY)), max_rows=4, max_steps=1) as engine:
            for item in items:
                alone += await engine.submit([item]).results()
        backend = FakeBackend(noise(VOCABULARY))
        config = {"max_rows": max_rows, "max_steps": max_steps, "encode_tokens": encode_tokens}
        async with running(backend, **config) as engine:
            backwards = [engine.submit([item]) for item in reversed(items)]
            together = engine.submit(items)
            assert await together.results() == alone
            apart = [(await submission.results())[0] for submission in reversed(backwards)]
            assert apart == alone
        # Up to a quarter of the rows may be dead and not yet dropped.
        assert backend.most_rows <= max_rows * 4 / 3

    asyncio.run(decode())


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
