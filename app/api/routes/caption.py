"""`POST /v1/caption` and its stream."""

from __future__ import annotations

from typing import Any

from app.api.form import MULTIPART, ImagesRoute
from app.api.schemas.caption import CaptionRequest, CaptionResponse
from app.api.schemas.stream import CaptionsDoneEvent
from app.api.service import Service
from app.api.task_routes import TaskRoutes

PATHS = ("/v1/caption", "/v1/caption/stream")
"""Where bodies may be as large as photographs are."""

_FORM: dict[str, Any] = {
    "type": "object",
    "required": ["image"],
    "additionalProperties": False,
    "properties": {
        "image": {
            "type": "array",
            "items": {"type": "string", "contentMediaType": "application/octet-stream"},
            "description": "The files: one part called `image` for each.",
        },
        "model": {"type": "string", "description": "As in JSON."},
        "priority": {"type": "string", "enum": ["interactive", "bulk"]},
        "deadline_ms": {"type": "integer", "description": "As in JSON."},
        "return_attention": {"type": "boolean", "description": "As in JSON."},
        "options": {"$ref": "#/components/schemas/CaptionOptions"},
    },
}

router = TaskRoutes(
    name="caption",
    task=Service.captioner,
    request=CaptionRequest,
    answer=CaptionResponse,
    done=CaptionsDoneEvent,
    sends="`token` events, whose texts add up to the captions",
    verb="Caption",
    summary="Caption one image or many",
    description="""Say what images show, in their order; all are one batch, all or nothing.

Send files in a form, one part `image` for each, or base64 in JSON. The other fields are the same in
both: in a form, `options`, `return_attention` and `deadline_ms` are JSON in a part of that name.
Errors point to where the field is in JSON: the third `image` is `/images/2`.""",
    route_class=ImagesRoute,
    extra={
        "requestBody": {
            "content": {
                MULTIPART: {
                    "schema": _FORM,
                    "encoding": {"options": {"contentType": "application/json"}},
                }
            }
        }
    },
).router()
