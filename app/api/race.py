"""Run work only as long as somebody waits for it, and time is left."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Coroutine
from typing import Any, TypeVar

from starlette.types import Receive

from app.api.gate import Gate, draining
from app.errors import Cancelled, DeadlineExceeded

T = TypeVar("T")


async def race(
    work: Coroutine[Any, Any, T], leaving: Coroutine[Any, Any, None], gate: Gate | None = None
) -> T:
    """Return what `work` returns; cancel it when the client goes away or draining takes too long.

    Args:
        work: what answers the request; cancelling it frees what it holds.
        leaving: ends when the client has gone away.
        gate: says when the service can wait no longer.

    Raises:
        Cancelled: the client went away.
        Draining: the service shuts down and waited long enough.
        Exception: what `leaving` raised.
    """
    working = asyncio.current_task()
    assert working is not None, "only a task can wait: this is a bug"
    reason: BaseException | None = None
    over = False  # what `watching` calls at its end may come when nothing is left to cancel

    def stop(error: BaseException) -> None:
        nonlocal reason
        if reason is None and not over:
            reason = error
            working.cancel()

    watching = asyncio.create_task(leaving)
    watching.add_done_callback(
        lambda task: None if task.cancelled() else stop(task.exception() or _gone())
    )
    try:
        with gate.on_expiry(lambda: stop(draining())) if gate else contextlib.nullcontext():
            return await work
    except asyncio.CancelledError:
        if reason is None or working.uncancel():
            raise  # somebody else cancelled it
        raise reason from None
    finally:
        over = True
        watching.cancel()


async def in_time(work: Coroutine[Any, Any, T], deadline: float, gate: Gate) -> T:
    """Return what `work` returns before the job is given to the engine, which sees to time itself.

    Args:
        work: what reads the request.
        deadline: when to cancel it, in `time.monotonic()` seconds.
        gate: says when the service can wait no longer.

    Raises:
        DeadlineExceeded: the deadline passed.
        Draining: the service shuts down and waited long enough.
    """

    def stop() -> None:
        if not limit.expired():
            limit.reschedule(0.0)

    try:
        async with asyncio.timeout(deadline - time.monotonic()) as limit:
            with gate.on_expiry(stop):
                return await work
    except TimeoutError:
        if gate.expired:
            raise draining() from None
        raise DeadlineExceeded("The deadline passed before the request was read.") from None


async def until_gone(receive: Receive) -> None:
    """Return once the client has gone away; `receive` is its channel, its body read to the end."""
    while (await receive())["type"] != "http.disconnect":
        pass


def _gone() -> Cancelled:
    return Cancelled("The client went away.")
