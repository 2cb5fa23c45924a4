"""One request's place in the engine, seen from the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Any

from app.engine.outbox import Outbox
from app.engine.request import SequenceResult
from app.errors import Cancelled, DragomanError


class Submission:
    """Items that were submitted together: all their results, or one error.

    Made and awaited on the event loop; the engine's thread calls `expired`, `progress`, `finish`
    and `fail`, and flushes `outbox` at the end of a turn.
    """

    def __init__(
        self, count: int, deadline: float | None, outbox: Outbox, *, streams: bool = False
    ) -> None:
        """Expect `count` results by the monotonic time `deadline`; `streams` asks for `updates`."""
        self._loop = asyncio.get_running_loop()
        self._outbox = outbox
        self._future: asyncio.Future[list[SequenceResult]] = self._loop.create_future()
        self._future.add_done_callback(_retrieve)
        self._results: list[SequenceResult | None] = [None] * count
        self._missing = count
        self._news: dict[int, Sequence[Any]] = {}
        self._changed = asyncio.Event()
        self.deadline = deadline
        self.streams = streams
        self.cancelled = False
        self.failed = False

    async def results(self) -> list[SequenceResult]:
        """Return the results, in the order of the items.

        Cancelling the await cancels the submission.

        Raises:
            DeadlineExceeded, Cancelled, Draining, EngineFailure: what ended it early.
        """
        try:
            return await asyncio.shield(self._future)
        except asyncio.CancelledError:
            self.cancel()
            raise

    async def updates(self) -> AsyncIterator[Mapping[int, Sequence[Any]]]:
        """Yield the tokens that are sure so far, by item, whenever more are; end with the results.

        Of models of numbers they are values [features].
        What came while nobody looked is told at once. Closing the iterator does not cancel.
        """
        self._future.add_done_callback(lambda _: self._changed.set())
        while True:
            await self._changed.wait()
            self._changed.clear()
            news, self._news = self._news, {}
            if news:
                yield news
            if self._future.done():
                return

    @property
    def done(self) -> bool:
        """Whether it has its results, or what ended it early."""
        return self._future.done()

    def cancel(self, error: DragomanError | None = None) -> None:
        """Give up: the rows are free at the engine's next turn. Calling it again does nothing.

        Who still waits gets `error`, or `Cancelled`.
        """
        if not self._future.done():
            self.cancelled = True
            self._future.set_exception(error or Cancelled("the request was cancelled"))

    def expired(self, now: float) -> bool:
        """Whether the deadline has passed at the monotonic time `now`."""
        return self.deadline is not None and now >= self.deadline

    def progress(self, index: int, told: Sequence[Any]) -> None:
        """Take what one item's output will begin with; called on the engine's thread."""

        def tell() -> None:
            self._news[index] = told
            self._changed.set()

        self._outbox.post(self._loop, tell)

    def finish(self, index: int, result: SequenceResult) -> None:
        """Take the result of one item; called on the engine's thread."""
        self._results[index] = result
        self._missing -= 1
        if self._missing == 0:
            results = [result for result in self._results if result is not None]
            self._deliver(lambda: self._future.set_result(results))

    def fail(self, error: DragomanError) -> None:
        """End with `error`; called on the engine's thread; the first call counts."""
        if not self.failed:
            self.failed = True
            self._deliver(lambda: self._future.set_exception(error))

    def _deliver(self, act: Callable[[], None]) -> None:
        def deliver() -> None:
            if not self._future.done():
                act()

        self._outbox.post(self._loop, deliver)


def _retrieve(future: asyncio.Future[list[SequenceResult]]) -> None:
    """Mark the error as seen: a client that left never asks for it."""
    if not future.cancelled():
        future.exception()
