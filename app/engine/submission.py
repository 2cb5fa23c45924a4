"""One request's place in the engine, seen from the event loop."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable

from app.engine.request import SequenceResult
from app.errors import Cancelled, DragomanError


class Submission:
    """Items that were submitted together: all their results, or one error.

    Made and awaited on the event loop; the engine's thread calls `expired`, `finish` and `fail`.
    """

    def __init__(self, count: int, deadline: float | None) -> None:
        """Expect `count` results by the monotonic time `deadline`."""
        self._loop = asyncio.get_running_loop()
        self._future: asyncio.Future[list[SequenceResult]] = self._loop.create_future()
        self._future.add_done_callback(_retrieve)
        self._results: list[SequenceResult | None] = [None] * count
        self._missing = count
        self.deadline = deadline
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

    def cancel(self) -> None:
        """Give up: the rows are free at the engine's next turn. Calling it again does nothing."""
        if not self._future.done():
            self.cancelled = True
            self._future.set_exception(Cancelled("the request was cancelled"))

    def expired(self, now: float) -> bool:
        """Whether the deadline has passed at the monotonic time `now`."""
        return self.deadline is not None and now >= self.deadline

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

        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody is waiting
            self._loop.call_soon_threadsafe(deliver)


def _retrieve(future: asyncio.Future[list[SequenceResult]]) -> None:
    """Mark the error as seen: a client that left never asks for it."""
    if not future.cancelled():
        future.exception()
