"""`POST /v1/summarize` and its stream."""

from __future__ import annotations

from app.api.schemas.stream import SummariesDoneEvent
from app.api.schemas.summarize import SummarizeRequest, SummarizeResponse
from app.api.service import Service
from app.api.task_routes import TaskRoutes

router = TaskRoutes(
    name="summarize",
    task=Service.summarizer,
    request=SummarizeRequest,
    answer=SummarizeResponse,
    done=SummariesDoneEvent,
    sends="`token` events, whose texts add up to the summaries",
    verb="Summarize",
    summary="Summarize one text or a list",
    description="""Summarize, in the order of the texts; a list is decoded as one batch, all or
nothing.

Of a text that is longer than the model reads, the beginning is summarized; `read` tells.""",
).router()
