"""Batching without a timer: a worker that is free takes all that waits, up to a batch."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

Q = TypeVar("Q")
A = TypeVar("A")


class Lanes(Generic[Q, A]):
    """`workers` threads that each answer one batch at a time; one lone request never waits."""

    def __init__(self, run: Callable[[Sequence[Q]], Sequence[A]], workers: int, most: int) -> None:
        """Answer batches of at most `most` with `run`; needs a running event loop."""
        self._run, self._most = run, most
        self._queue: asyncio.Queue[tuple[Q, asyncio.Future[A]]] = asyncio.Queue()
        self._tasks = [asyncio.create_task(self._work()) for _ in range(workers)]

    async def ask(self, question: Q) -> A:
        """Return the answer to one question.

        Raises:
            Exception: whatever `run` raised for the batch.
        """
        future: asyncio.Future[A] = asyncio.get_running_loop().create_future()
        self._queue.put_nowait((question, future))
        return await future

    def close(self) -> None:
        """End the workers."""
        for task in self._tasks:
            task.cancel()

    async def _work(self) -> None:
        while True:
            batch = [await self._queue.get()]
            while len(batch) < self._most and not self._queue.empty():
                batch.append(self._queue.get_nowait())
            try:
                answers = await asyncio.to_thread(self._run, [question for question, _ in batch])
            except Exception as error:  # belongs to whoever asked
                for _, future in batch:
                    future.set_exception(error)
                continue
            for (_, future), found in zip(batch, answers, strict=True):
                if not future.cancelled():
                    future.set_result(found)
