"""`POST /v1/translate` and its stream."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.sse import EventSourceResponse

from app.api.dependencies import ContextDep, ServiceDep, TranslatorDep
from app.api.race import race
from app.api.responses import problems
from app.api.schemas.stream import StreamEvent
from app.api.schemas.translate import TranslateRequest, TranslateResponse
from app.api.streams import events
from app.api.strict_json import StrictJsonRoute
from app.errors import Cancelled
from app.tasks.answer import Translations
from app.tasks.translate import TextPiece, follow

router = APIRouter(prefix="/v1", tags=["tasks"], route_class=StrictJsonRoute)
_PROBLEMS = problems(404, 413, 415, 422, 500, 503, 504)


@router.post(
    "/translate",
    operation_id="translate",
    summary="Translate one text or a list",
    response_model_exclude_none=True,
    responses=_PROBLEMS,
)
async def translate(
    body: TranslateRequest,
    request: Request,
    service: ServiceDep,
    translator: TranslatorDep,
    context: ContextDep,
) -> TranslateResponse:
    """Translate, in the order of the texts; a list is decoded as one batch, all or nothing."""
    context.shorten(body.deadline_ms)

    async def work() -> TranslateResponse:
        prepared = await translator.prepare(body.job())
        context.items, context.tokens = len(prepared.items), prepared.source_tokens
        answer = await translator.run(prepared, context.deadline)
        context.tokens += answer.target_tokens
        service.metrics.answered(
            answer.model, len(answer.items), answer.source_tokens, answer.target_tokens
        )
        return TranslateResponse.of(answer)

    return await race(work(), request.receive, service.gate)


async def _admitted(
    body: TranslateRequest, service: ServiceDep, translator: TranslatorDep, context: ContextDep
) -> AsyncIterator[AsyncIterator[TextPiece | Translations]]:
    """Check and admit before the first byte; free the rows as soon as the client is gone."""
    context.shorten(body.deadline_ms)
    prepared = await translator.prepare(body.job())
    context.items, context.tokens = len(prepared.items), prepared.source_tokens
    submission = translator.submit(prepared, context.deadline, streams=True)

    async def pieces() -> AsyncIterator[TextPiece | Translations]:
        async for piece in follow(prepared, submission):
            if isinstance(piece, Translations):
                service.metrics.answered(
                    piece.model, len(piece.items), piece.source_tokens, piece.target_tokens
                )
            yield piece

    try:
        yield pieces()
    finally:
        if not submission.done and not context.code:
            context.code = Cancelled.code
        submission.cancel()


PiecesDep = Annotated[AsyncIterator[TextPiece | Translations], Depends(_admitted)]


@router.post(
    "/translate/stream",
    operation_id="translate_stream",
    summary="Translate, telling every piece as it is decided",
    response_class=EventSourceResponse,
    response_model_exclude_none=True,
    responses=_PROBLEMS,
)
async def translate_stream(
    pieces: PiecesDep, service: ServiceDep, context: ContextDep
) -> AsyncIterator[StreamEvent]:
    """Send `token` events, whose texts add up to the translations, then `done` or `error`.

    With a beam, a piece is sent once every hypothesis that can still win begins with it.
    """
    async for event in events(pieces, context, service.gate):
        yield event
