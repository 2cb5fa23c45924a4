"""How OpenAPI describes the errors of a route."""

from __future__ import annotations

from typing import Any

from app.api.problems import MEDIA_TYPE

_WORDS = {
    404: "No such model, or none for these languages",
    413: "The body is too large",
    415: "The body is of another type",
    422: "The request is invalid; `errors` points to the fields",
    500: "A fault of the service",
    503: "Full, loading or draining; `Retry-After` says when to come again",
    504: "The deadline passed",
}


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return the `responses` of a route that can fail with `statuses`."""
    schema = {"schema": {"$ref": "#/components/schemas/Problem"}}
    return {
        status: {"description": _WORDS[status], "content": {MEDIA_TYPE: schema}}
        for status in statuses
    }
