"""Outputs as they come: an iterator of pieces that closes itself, and then has the result."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from types import TracebackType
from typing import Generic, Self, TypeVar

import httpx2

from dragoman_client import wire
from dragoman_client.reading import Reader
from dragoman_client.results import Caption, Generation, Piece, Summary, Translation

T = TypeVar("T")


class _Stream(Generic[T]):
    """What all kinds of stream share: `result` once all pieces have been read."""

    def __init__(
        self, read: Reader[T], response: httpx2.Response, request_id: str, listed: bool
    ) -> None:
        """Read `response`, of which only the headers have come; `read` makes its results."""
        self._read = read
        self._response = response
        self._events = httpx2.EventSource(response, max_event_size=None)
        self._listed = listed
        self.request_id = request_id
        self._results: list[T] | None = None

    @property
    def results(self) -> list[T]:
        """All results, in the order of the items; there once the last piece was read."""
        if self._results is None:
            raise RuntimeError("the stream has not been read to its end")
        return self._results

    @property
    def result(self) -> T:
        """The only result; use `results` where a list was sent."""
        if self._listed:
            raise RuntimeError("a list was sent: use `results`")
        return self.results[0]

    def _take(self, event: httpx2.ServerSentEvent) -> Piece | None:
        """Return the piece that an event brings, if it brings one."""
        found = wire.read_event(self._read, event.data, self._response, self.request_id)
        if isinstance(found, list):
            self._results = found
            return None
        return found

    def _check_ended(self) -> None:
        if self._results is None:
            raise wire.broken_stream(self.request_id)


class _SyncStream(_Stream[T]):
    """Iterate over its pieces; `with` or `close()` ends it early, and frees the service's rows."""

    def __iter__(self) -> Iterator[Piece]:
        """Yield the pieces as they come.

        Raises:
            DragomanError: the stream ended with an error, or without an end.
        """
        try:
            for event in self._events:
                piece = self._take(event)
                if piece is not None:
                    yield piece
        except httpx2.RequestError as error:
            raise wire.failure_of_exchange(error, self.request_id) from error
        finally:
            self.close()
        self._check_ended()

    def close(self) -> None:
        """Give up what has not come; the service then frees the rows."""
        self._response.close()

    def __enter__(self) -> Self:
        """Use the stream in a `with` statement."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close it."""
        self.close()


class _AsyncStream(_Stream[T]):
    """Iterate over its pieces with `async for`; `async with` or `close()` ends it early."""

    async def __aiter__(self) -> AsyncIterator[Piece]:
        """Yield the pieces as they come.

        Raises:
            DragomanError: the stream ended with an error, or without an end.
        """
        try:
            async for event in self._events:
                piece = self._take(event)
                if piece is not None:
                    yield piece
        except httpx2.RequestError as error:
            raise wire.failure_of_exchange(error, self.request_id) from error
        finally:
            await self.close()
        self._check_ended()

    async def close(self) -> None:
        """Give up what has not come; the service then frees the rows."""
        await self._response.aclose()

    async def __aenter__(self) -> Self:
        """Use the stream in an `async with` statement."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close it."""
        await self.close()


class TranslationStream(_SyncStream[Translation]):
    """A stream of translations."""


class SummaryStream(_SyncStream[Summary]):
    """A stream of summaries."""


class CaptionStream(_SyncStream[Caption]):
    """A stream of captions."""


class GenerationStream(_SyncStream[Generation]):
    """A stream of any model; `result` is the whole `Generation`."""


class AsyncTranslationStream(_AsyncStream[Translation]):
    """A stream of translations."""


class AsyncSummaryStream(_AsyncStream[Summary]):
    """A stream of summaries."""


class AsyncCaptionStream(_AsyncStream[Caption]):
    """A stream of captions."""


class AsyncGenerationStream(_AsyncStream[Generation]):
    """A stream of any model; `result` is the whole `Generation`."""
