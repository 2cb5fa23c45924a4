"""Run work only as long as somebody waits for it."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from starlette.types import Receive

from app.api.gate import Gate, draining
from app.errors import Cancelled

T = TypeVar("T")


async def race(work: Coroutine[Any, Any, T], receive: Receive, gate: Gate) -> T:
    """Return what `work` returns; cancel it when the client goes away or draining takes too long.

    Args:
        work: what answers the request; cancelling it frees what it holds.
        receive: the request's ASGI channel, its body read to the end.
        gate: says when the service can wait no longer.

    Raises:
        Cancelled: the client went away.
        Draining: the service shuts down and waited long enough.
    """
    working = asyncio.create_task(work)
    leaving = asyncio.create_task(_until_gone(receive))
    expiring = asyncio.create_task(gate.expired.wait())
    tasks: list[asyncio.Task[Any]] = [working, leaving, expiring]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            return working.result()
        if expiring.done():
            raise draining()
        raise Cancelled("The client went away.")
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
