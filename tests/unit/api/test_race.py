from __future__ import annotations

import asyncio
import math
import time
from typing import Any

import pytest

from app.api.gate import Gate
from app.api.race import in_time, race, until_gone
from app.errors import Cancelled, DeadlineExceeded, Draining


class Work:
    """Work that never ends by itself."""

    def __init__(self) -> None:
        self.started = asyncio.Event()
        self.cancelled = False

    async def __call__(self) -> None:
        self.started.set()
        try:
            await asyncio.Event().wait()
        finally:
            self.cancelled = True


def channel(*messages: str) -> tuple[Any, asyncio.Event]:
    left, go = list(messages), asyncio.Event()

    async def receive() -> dict[str, str]:
        if not left:
            await asyncio.Event().wait()
        await go.wait()
        return {"type": left.pop(0)}

    return receive, go


async def test_work_that_is_done_wins() -> None:
    async def work() -> int:
        return 7

    receive, _ = channel()
    assert await race(work(), until_gone(receive), Gate()) == 7


async def test_an_error_of_the_work_is_passed_on() -> None:
    async def work() -> int:
        raise ZeroDivisionError

    receive, _ = channel()
    with pytest.raises(ZeroDivisionError):
        await race(work(), until_gone(receive), Gate())


async def test_a_client_that_leaves_cancels_the_work() -> None:
    work = Work()
    receive, go = channel("http.request", "http.disconnect")
    racing = asyncio.create_task(race(work(), until_gone(receive), Gate()))
    await work.started.wait()
    go.set()
    with pytest.raises(Cancelled):
        await racing
    assert work.cancelled


async def test_draining_that_takes_too_long_turns_running_work_away() -> None:
    work, gate = Work(), Gate()
    receive, _ = channel()
    racing = asyncio.create_task(race(work(), until_gone(receive), gate))
    await work.started.wait()
    gate.drain()
    gate.expire()
    with pytest.raises(Draining):
        await racing
    assert work.cancelled


async def test_work_that_comes_when_draining_has_taken_too_long_is_turned_away() -> None:
    work, gate = Work(), Gate()
    receive, _ = channel()
    gate.expire()
    with pytest.raises(Draining):
        await race(work(), until_gone(receive), gate)
    assert not asyncio.current_task().cancelling()  # type: ignore[union-attr]


async def test_a_client_that_leaves_just_as_its_answer_is_there_cancels_nothing_else() -> None:
    gone, done = asyncio.Event(), asyncio.Event()
    started = asyncio.Event()

    async def work() -> int:
        started.set()
        await done.wait()
        return 7

    async def leaving() -> None:
        await gone.wait()

    async def handle() -> int:
        result = await race(work(), leaving(), Gate())
        await asyncio.sleep(0)  # its answer is sent
        return result

    handling = asyncio.create_task(handle())
    await started.wait()
    await asyncio.sleep(0)  # until both wait
    gone.set()
    done.set()
    assert await handling == 7


async def test_cancelling_the_race_cancels_the_work() -> None:
    work = Work()
    receive, _ = channel()
    racing = asyncio.create_task(race(work(), until_gone(receive), Gate()))
    await work.started.wait()
    racing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await racing
    assert work.cancelled


async def test_an_error_of_the_leaving_ends_the_work() -> None:
    work = Work()

    async def leaving() -> None:
        await work.started.wait()
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await race(work(), leaving())
    assert work.cancelled


async def test_what_is_done_before_its_deadline_is_returned() -> None:
    async def work() -> int:
        return 7

    assert await in_time(work(), math.inf, Gate()) == 7


async def test_a_deadline_that_passed_cancels_the_work() -> None:
    work = Work()
    with pytest.raises(DeadlineExceeded):
        await in_time(work(), time.monotonic() - 1, Gate())
    assert work.cancelled


async def test_draining_that_takes_too_long_ends_what_has_time_left() -> None:
    work, gate = Work(), Gate()
    working = asyncio.create_task(in_time(work(), time.monotonic() + 3600, gate))
    await work.started.wait()
    gate.expire()
    gate.expire()
    with pytest.raises(Draining):
        await working
    assert work.cancelled


async def test_draining_may_expire_as_the_deadline_passes() -> None:
    work, gate = Work(), Gate()
    working = asyncio.create_task(in_time(work(), time.monotonic() - 1, gate))
    await work.started.wait()  # the deadline was noticed by now, the work not yet cancelled
    gate.expire()
    with pytest.raises(Draining):
        await working


async def test_a_draining_that_expires_around_prepared_work_turns_it_away() -> None:
    work, gate = Work(), Gate()
    receive, _ = channel()
    within = in_time(work(), time.monotonic() + 3600, gate)
    racing = asyncio.create_task(race(within, until_gone(receive), gate))
    await work.started.wait()
    gate.expire()
    with pytest.raises(Draining):
        await racing
    assert not racing.cancelling()
