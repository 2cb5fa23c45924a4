"""A task's pieces as the events of a stream, which always ends with `done` or `error`."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator

from app.api.context import RequestContext
from app.api.gate import Gate, draining
from app.api.problems import bug_of, problem_of
from app.api.schemas.stream import DoneEvent, ErrorEvent, StreamEvent, Timings, TokenEvent
from app.api.schemas.translate import TranslateResponse
from app.errors import DragomanError
from app.observability.logging import log_bug
from app.tasks.answer import Translations
from app.tasks.translate import TextPiece

logger = logging.getLogger("dragoman.request")


async def events(
    pieces: AsyncIterator[TextPiece | Translations], context: RequestContext, gate: Gate
) -> AsyncIterator[StreamEvent]:
    """Yield an event for each of `pieces`; errors become the last event, and never escape."""
    first: float | None = None
    try:
        async for piece in _until_expired(pieces, gate):
            if isinstance(piece, TextPiece):
                first = first or _milliseconds(context)
                yield TokenEvent(index=piece.index, text=piece.text)
                continue
            context.tokens += piece.target_tokens
            timings = Timings(first_token_ms=first, total_ms=_milliseconds(context))
            yield DoneEvent(result=TranslateResponse.of(piece), timings=timings)
    except DragomanError as error:
        yield ErrorEvent(error=problem_of(context, error))
    except Exception as error:
        log_bug(logger, context.request_id, error)  # raised, it would end the stream in silence
        yield ErrorEvent(error=bug_of(context))


async def _until_expired(
    pieces: AsyncIterator[TextPiece | Translations], gate: Gate
) -> AsyncIterator[TextPiece | Translations]:
    """Yield what comes until draining takes too long; then raise `Draining`."""
    expired = asyncio.create_task(gate.expired.wait())
    try:
        while True:
            coming = asyncio.ensure_future(anext(pieces, None))
            try:
                await asyncio.wait({coming, expired}, return_when=asyncio.FIRST_COMPLETED)
                if not coming.done():
                    raise draining()
            finally:
                coming.cancel()
            piece = coming.result()
            if piece is None:
                return
            yield piece
    finally:
        expired.cancel()


def _milliseconds(context: RequestContext) -> float:
    return round(1000 * (time.monotonic() - context.started), 3)
