"""`POST /v1/translate` and its stream."""

from __future__ import annotations

from app.api.schemas.stream import DoneEvent
from app.api.schemas.translate import TranslateRequest, TranslateResponse
from app.api.service import Service
from app.api.task_routes import TaskRoutes

router = TaskRoutes(
    name="translate",
    task=Service.translator,
    request=TranslateRequest,
    answer=TranslateResponse,
    done=DoneEvent,
    sends="`token` events, whose texts add up to the translations",
    verb="Translate",
    summary="Translate one text or a list",
    description=(
        "Translate, in the order of the texts; a list is decoded as one batch, all or nothing."
    ),
).router()
