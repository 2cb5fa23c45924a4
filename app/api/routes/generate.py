"""`POST /v1/models/{name}/generate` and its stream."""

from __future__ import annotations

from app.api.schemas.generate import GenerateRequest, GenerateResponse
from app.api.schemas.stream import GenerationDoneEvent, TokenEvent, ValuesEvent
from app.api.service import Service
from app.api.task_routes import TaskRoutes

router = TaskRoutes(
    name="generate",
    path="/models/{name}/generate",
    task=Service.generator,
    request=GenerateRequest,
    answer=GenerateResponse,
    done=GenerationDoneEvent,
    pieces=TokenEvent | ValuesEvent,
    sends="`token` events, whose texts add up to the outputs, or `values` events where the model "
    "writes series (none where it writes labels)",
    verb="Generate",
    summary="Ask any model by its own contract",
    description="""Give a model what it reads, `text` or `values`, and get what it writes: texts,
series of numbers, or all labels of a classifier with their probabilities.

A list is decoded as one batch, all or nothing. Models of images are asked at `/v1/caption`.""",
).router()
