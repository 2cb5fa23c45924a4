"""A task's pieces as the events of a stream, which always ends with `done` or `error`."""

from __future__ import annotations

import logging
import time
from collections.abc import AsyncIterator, Callable
from typing import TypeVar

from app.api.conduct import Pieces
from app.api.context import RequestContext
from app.api.problems import bug_of, problem_of
from app.api.schemas.generate import numbers
from app.api.schemas.stream import ErrorEvent, Timings, TokenEvent, ValuesEvent
from app.errors import DragomanError
from app.observability.logging import log_bug
from app.tasks.answer import Answer
from app.tasks.task import Piece, TextPiece

logger = logging.getLogger("dragoman.request")
Done = TypeVar("Done")


async def events(
    pieces: Pieces, done: Callable[[Answer, Timings], Done], context: RequestContext
) -> AsyncIterator[TokenEvent | ValuesEvent | Done | ErrorEvent]:
    """Yield an event for each of `pieces`; errors become the last event, and never escape.

    `done` makes the event of the whole answer.
    """
    first: float | None = None
    try:
        async for piece in pieces:
            if not isinstance(piece, Answer):
                first = first or _milliseconds(context)
                yield _event(piece)
                continue
            timings = Timings(first_token_ms=first, total_ms=_milliseconds(context))
            yield done(piece, timings)
    except DragomanError as error:
        yield ErrorEvent(error=problem_of(context, error))
    except Exception as error:
        log_bug(logger, context.request_id, error)  # raised, it would end the stream in silence
        yield ErrorEvent(error=bug_of(context))


def _event(piece: Piece) -> TokenEvent | ValuesEvent:
    if isinstance(piece, TextPiece):
        return TokenEvent(index=piece.index, text=piece.text)
    return ValuesEvent(index=piece.index, values=numbers(piece.values))


def _milliseconds(context: RequestContext) -> float:
    return round(1000 * (time.monotonic() - context.started), 3)
