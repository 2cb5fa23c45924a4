"""`POST /v1/translate`."""

from __future__ import annotations

from fastapi import APIRouter, Request

from app.api.dependencies import ContextDep, ServiceDep, TranslatorDep
from app.api.race import race
from app.api.responses import problems
from app.api.schemas.translate import TranslateRequest, TranslateResponse
from app.api.strict_json import StrictJsonRoute

router = APIRouter(prefix="/v1", tags=["tasks"], route_class=StrictJsonRoute)


@router.post(
    "/translate",
    operation_id="translate",
    summary="Translate one text or a list",
    response_model_exclude_none=True,
    responses=problems(404, 413, 415, 422, 500, 503, 504),
)
async def translate(
    body: TranslateRequest,
    request: Request,
    service: ServiceDep,
    translator: TranslatorDep,
    context: ContextDep,
) -> TranslateResponse:
    """Translate, in the order of the texts; a list is decoded as one batch, all or nothing."""

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
