"""What a submission tells while it is decoded."""

from __future__ import annotations

import itertools

import pytest

from app.engine.submission import Submission
from app.errors import (
    EngineFailure,
)
from tests.fakes.running import WORDS, Gate, outputs, request, running
from tests.fakes.spelling_backend import FakeBackend, spell


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
