from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence

import pytest

from scripts.benchmark.peers.lanes import Lanes


async def test_requests_that_wait_share_a_batch_and_a_lone_one_goes_at_once() -> None:
    begun, gate = threading.Event(), threading.Event()
    batches: list[list[int]] = []

    def double(numbers: Sequence[int]) -> list[int]:
        batches.append(list(numbers))
        begun.set()
        if numbers[0] == 0:
            gate.wait(10)
        return [2 * number for number in numbers]

    lanes = Lanes(double, workers=1, most=2)
    first = asyncio.create_task(lanes.ask(0))
    assert await asyncio.to_thread(begun.wait, 10)
    others = [asyncio.create_task(lanes.ask(number)) for number in (1, 2, 3)]
    await asyncio.sleep(0)
    gate.set()
    assert await asyncio.gather(first, *others) == [0, 2, 4, 6]
    assert batches == [[0], [1, 2], [3]]
    lanes.close()


async def test_a_failed_batch_fails_its_requests_and_no_others() -> None:
    def invert(numbers: Sequence[int]) -> list[float]:
        return [1 / number for number in numbers]

    lanes = Lanes(invert, workers=1, most=8)
    with pytest.raises(ZeroDivisionError):
        await lanes.ask(0)
    assert await lanes.ask(2) == 0.5
    lanes.close()
