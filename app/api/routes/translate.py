"""`POST /v1/translate` and its stream."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.sse import EventSourceResponse

from app.api.conduct import Conduct, Pieces
from app.api.dependencies import ContextDep, ServiceDep, TranslatorDep
from app.api.responses import problems
from app.api.schemas.stream import DoneEvent, StreamEvent, Timings
from app.api.schemas.translate import TranslateRequest, TranslateResponse
from app.api.streams import events
from app.api.strict_json import StrictJsonRoute
from app.tasks.answer import Answer
from app.tasks.translate import TranslateJob

router = APIRouter(prefix="/v1", tags=["tasks"], route_class=StrictJsonRoute)
_PROBLEMS = problems(404, 413, 415, 422, 500, 503, 504)


async def _conduct(
    translator: TranslatorDep, service: ServiceDep, context: ContextDep
) -> Conduct[TranslateJob]:
    return Conduct(translator, service, context)


ConductDep = Annotated[Conduct[TranslateJob], Depends(_conduct)]


@router.post(
    "/translate",
    operation_id="translate",
    summary="Translate one text or a list",
    response_model_exclude_none=True,
    responses=_PROBLEMS,
)
async def translate(
    body: TranslateRequest, request: Request, conduct: ConductDep
) -> TranslateResponse:
    """Translate, in the order of the texts; a list is decoded as one batch, all or nothing."""
    return TranslateResponse.of(await conduct.answer(body.job(), body.deadline_ms, request))


async def _admitted(body: TranslateRequest, conduct: ConductDep) -> AsyncIterator[Pieces]:
    async with conduct.admitted(body.job(), body.deadline_ms) as pieces:
        yield pieces


@router.post(
    "/translate/stream",
    operation_id="translate_stream",
    summary="Translate, telling every piece as it is decided",
    response_class=EventSourceResponse,
    response_model_exclude_none=True,
    responses=_PROBLEMS,
)
async def translate_stream(
    pieces: Annotated[Pieces, Depends(_admitted)], service: ServiceDep, context: ContextDep
) -> AsyncIterator[StreamEvent]:
    """Send `token` events, whose texts add up to the translations, then `done` or `error`.

    With a beam, a piece is sent once every hypothesis that can still win begins with it.
    """
    async for event in events(pieces, _done, context, service.gate):
        yield event


def _done(answer: Answer, timings: Timings) -> DoneEvent:
    return DoneEvent(result=TranslateResponse.of(answer), timings=timings)
