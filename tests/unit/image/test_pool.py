"""Images are decoded by a few threads; what waits is bounded, and lists take turns."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from functools import partial

import pytest
import pytest_asyncio

from app.errors import InvalidRequest, Overloaded
from app.image.pool import ImageLimits, ImagePool


@pytest_asyncio.fixture
async def pool() -> AsyncIterator[ImagePool]:
    made = ImagePool(ImageLimits(threads=2, capacity=6))
    yield made
    made.close()


async def test_results_are_in_order_and_come_from_other_threads(pool: ImagePool) -> None:
    def call(number: int) -> tuple[int, bool]:
        return number, threading.current_thread() is threading.main_thread()

    calls = [partial(call, number) for number in range(5)]
    assert await pool.run(calls) == [(number, False) for number in range(5)]
    assert pool.waiting == 0


async def test_the_first_error_in_order_is_raised_and_the_rest_is_not_begun(
    pool: ImagePool,
) -> None:
    begun: list[int] = []
    beside = threading.Event()

    def call(number: int) -> int:
        begun.append(number)
        if number == 2:
            beside.wait(30)
        if number == 3:
            beside.set()
        if number in (2, 3):
            raise ValueError(number)
        return number

    with pytest.raises(ValueError, match="2"):
        await pool.run([partial(call, number) for number in range(6)])
    assert (set(begun), pool.waiting) == ({0, 1, 2, 3}, 0)


class Gate:
    """Holds a thread until it is opened."""

    def __init__(self) -> None:
        self.reached, self.open = threading.Event(), threading.Event()

    def __call__(self) -> str:
        self.reached.set()
        self.open.wait(30)
        return "gate"


async def test_what_waits_is_bounded(pool: ImagePool) -> None:
    gates: list[Callable[[], str]] = [Gate() for _ in range(5)]
    running = asyncio.create_task(pool.run(gates))
    await asyncio.to_thread(gates[0].reached.wait, 30)  # type: ignore[attr-defined]
    with pytest.raises(Overloaded):
        await pool.run([str, str])
    with pytest.raises(InvalidRequest):
        await pool.run([str] * 7)
    for gate in gates:
        gate.open.set()  # type: ignore[attr-defined]
    assert await running == ["gate"] * 5
    assert await pool.run([str, str]) == ["", ""]


async def test_a_long_list_lets_a_single_image_go_between(pool: ImagePool) -> None:
    done: list[str] = []
    first = Gate()
    calls = [first, *(partial(done.append, f"list {place}") for place in range(1, 5))]
    many = asyncio.create_task(pool.run(calls))  # type: ignore[arg-type]
    await asyncio.to_thread(first.reached.wait, 30)
    one = asyncio.create_task(pool.run([partial(done.append, "one")]))
    await one
    assert done[-1] == "one"
    assert len(done) <= 2
    first.open.set()
    await many


async def test_who_gives_up_frees_the_places(pool: ImagePool) -> None:
    gates = [Gate() for _ in range(6)]
    running = asyncio.create_task(pool.run(gates))
    await asyncio.to_thread(gates[0].reached.wait, 30)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert pool.waiting == 0
    for gate in gates:
        gate.open.set()
    assert await pool.run([lambda: "next"]) == ["next"]
    assert not gates[2].reached.is_set()
