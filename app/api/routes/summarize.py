"""`POST /v1/summarize` and its stream."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.sse import EventSourceResponse

from app.api.conduct import Conduct, Pieces
from app.api.dependencies import ContextDep, ServiceDep, SummarizerDep
from app.api.responses import problems
from app.api.schemas.stream import SummariesDoneEvent, SummariesStreamEvent, Timings
from app.api.schemas.summarize import SummarizeRequest, SummarizeResponse
from app.api.streams import events
from app.api.strict_json import StrictJsonRoute
from app.tasks.answer import Answer
from app.tasks.summarize import SummarizeJob

router = APIRouter(prefix="/v1", tags=["tasks"], route_class=StrictJsonRoute)
_PROBLEMS = problems(404, 413, 415, 422, 500, 503, 504)


async def _conduct(
    summarizer: SummarizerDep, service: ServiceDep, context: ContextDep
) -> Conduct[SummarizeJob]:
    return Conduct(summarizer, service, context)


ConductDep = Annotated[Conduct[SummarizeJob], Depends(_conduct)]


@router.post(
    "/summarize",
    operation_id="summarize",
    summary="Summarize one text or a list",
    response_model_exclude_none=True,
    responses=_PROBLEMS,
)
async def summarize(
    body: SummarizeRequest, request: Request, conduct: ConductDep
) -> SummarizeResponse:
    """Summarize, in the order of the texts; a list is decoded as one batch, all or nothing.

    Of a text that is longer than the model reads, the beginning is summarized; `read` tells.
    """
    return SummarizeResponse.of(await conduct.answer(body.job(), body.deadline_ms, request))


async def _admitted(body: SummarizeRequest, conduct: ConductDep) -> AsyncIterator[Pieces]:
    async with conduct.admitted(body.job(), body.deadline_ms) as pieces:
        yield pieces


@router.post(
    "/summarize/stream",
    operation_id="summarize_stream",
    summary="Summarize, telling every piece as it is decided",
    response_class=EventSourceResponse,
    response_model_exclude_none=True,
    responses=_PROBLEMS,
)
async def summarize_stream(
    pieces: Annotated[Pieces, Depends(_admitted)], service: ServiceDep, context: ContextDep
) -> AsyncIterator[SummariesStreamEvent]:
    """Send `token` events, whose texts add up to the summaries, then `done` or `error`.

    With a beam, a piece is sent once every hypothesis that can still win begins with it.
    """
    async for event in events(pieces, _done, context, service.gate):
        yield event


def _done(answer: Answer, timings: Timings) -> SummariesDoneEvent:
    return SummariesDoneEvent(result=SummarizeResponse.of(answer), timings=timings)
