"""A task's pieces as the events of a stream, which always ends with `done` or `error`."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Callable, Sequence
from typing import TypeVar

from fastapi.responses import StreamingResponse
from pydantic import BaseModel
from starlette.types import Receive, Scope, Send

from app.api.conduct import Pieces
from app.api.context import RequestContext
from app.api.problems import bug_of, problem_of
from app.api.race import race, until_gone
from app.api.schemas.generate import numbers
from app.api.schemas.stream import ErrorEvent, Timings, TokenEvent, ValuesEvent
from app.errors import Cancelled, DragomanError
from app.observability.logging import log_bug
from app.tasks.answer import Answer
from app.tasks.task import Piece, TextPiece

logger = logging.getLogger("dragoman.request")
Done = TypeVar("Done", bound=BaseModel)
SILENCE = 15.0
"""Seconds between comments that keep proxies from closing a stream whose client waits long."""
_COMMENT = b": ping\n\n"
_HEADERS = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}  # the second is for nginx


class EventStream(StreamingResponse):
    """Server-sent events; those of a turn are sent as soon as they are there, in one write.

    FastAPI would send each through two queues and three tasks, which takes longer than decoding.
    """

    media_type = "text/event-stream"

    def __init__(
        self, events: AsyncIterator[Sequence[BaseModel]], close: Callable[[], None]
    ) -> None:
        """Send `events`, and `close` what they come from however it ends."""
        super().__init__((), headers=_HEADERS)
        self._events = events
        self._close = close

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer; stop when the client goes away."""
        try:
            with contextlib.suppress(Cancelled):
                await race(self._send(send), self._leaving(receive, send))
        finally:
            self._close()

    async def _send(self, send: Send) -> None:
        start = {"type": "http.response.start", "status": self.status_code}
        await send({**start, "headers": self.raw_headers})
        async for turn in self._events:
            data = b"".join(map(_line, turn))
            await send({"type": "http.response.body", "body": data, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _leaving(self, receive: Receive, send: Send) -> None:
        """Return once the client has gone away; until then, show proxies that the stream lives."""
        while True:
            try:
                async with asyncio.timeout(SILENCE):
                    return await until_gone(receive)
            except TimeoutError:
                comment = {"body": _COMMENT, "more_body": True}
                await send({"type": "http.response.body", **comment})


async def events(
    pieces: Pieces, done: Callable[[Answer, Timings], Done], context: RequestContext
) -> AsyncIterator[Sequence[TokenEvent | ValuesEvent | Done | ErrorEvent]]:
    """Yield the events of each turn; errors become the last event, and never escape.

    `done` makes the event of the whole answer.
    """
    first: float | None = None
    try:
        async for turn in pieces:
            told = [_event(piece) for piece in turn if not isinstance(piece, Answer)]
            first = first or (_milliseconds(context) if told else None)
            timings = Timings(first_token_ms=first, total_ms=_milliseconds(context))
            yield [*told, *(done(piece, timings) for piece in turn if isinstance(piece, Answer))]
    except DragomanError as error:
        yield [ErrorEvent(error=problem_of(context, error))]
    except Exception as error:
        log_bug(logger, context.request_id, error)  # raised, it would end the stream in silence
        yield [ErrorEvent(error=bug_of(context))]


def _line(event: BaseModel) -> bytes:
    return b"data: %s\n\n" % event.model_dump_json(exclude_none=True).encode()


def _event(piece: Piece) -> TokenEvent | ValuesEvent:
    if isinstance(piece, TextPiece):
        return TokenEvent(index=piece.index, text=piece.text)
    return ValuesEvent(index=piece.index, values=numbers(piece.values))


def _milliseconds(context: RequestContext) -> float:
    return round(1000 * (time.monotonic() - context.started), 3)
