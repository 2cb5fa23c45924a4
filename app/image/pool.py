"""A few threads that decode images, so that neither the event loop nor memory suffers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

from app.errors import InvalidRequest, Overloaded

T = TypeVar("T")
RETRY_AFTER = 1.0
"""Seconds after which places should be free again: an image takes milliseconds."""


@dataclass(frozen=True)
class ImageLimits:
    """How much of images is worked on.

    Args:
        max_pixels: that one image may have; beyond it it is refused before it is decoded.
        threads: that decode; each may need about 12 bytes for each pixel of its image.
        capacity: images that are decoded or wait for it; beyond it requests are refused.
    """

    max_pixels: int = 25_000_000
    threads: int = 2
    capacity: int = 2176


class ImagePool:
    """Calls functions in `limits.threads` threads; used on one event loop."""

    def __init__(self, limits: ImageLimits) -> None:
        """Start no thread yet: the first call does."""
        self.limits = limits
        self.waiting = 0
        self._executor = ThreadPoolExecutor(limits.threads, thread_name_prefix="image")

    async def run(self, calls: Sequence[Callable[[], T]]) -> list[T]:
        """Return what each of `calls` returns, in order; the first in order that fails fails all.

        Cancelling gives up what has not begun.

        Raises:
            InvalidRequest: there could never be so many places.
            Overloaded: there are not so many places now.
        """
        count = len(calls)
        if count > self.limits.capacity:
            raise InvalidRequest(
                f"The request holds {count} images; at most {self.limits.capacity} can wait."
            )
        if self.waiting + count > self.limits.capacity:
            raise Overloaded("Too many images wait to be decoded.", retry_after=RETRY_AFTER)
        self.waiting += count
        try:
            results: list[T] = []
            for first in range(0, count, self.limits.threads):
                results += await self._together(calls[first : first + self.limits.threads])
            return results
        finally:
            self.waiting -= count

    async def _together(self, calls: Sequence[Callable[[], T]]) -> list[T]:
        """Call a few at once; between them others get their turn, however long a list is."""
        loop = asyncio.get_running_loop()
        futures = [loop.run_in_executor(self._executor, call) for call in calls]
        try:
            return [await future for future in futures]
        finally:
            for future in futures:
                future.cancel()
                future.add_done_callback(_retrieve)

    def close(self) -> None:
        """End the threads once they have done what they do now."""
        self._executor.shutdown(wait=False, cancel_futures=True)


def _retrieve(future: asyncio.Future[T]) -> None:
    """Look at an error that nobody waits for, lest it be logged as forgotten."""
    if not future.cancelled():
        future.exception()
