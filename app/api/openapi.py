"""The OpenAPI document, with the problem schema that every error follows."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI

from app.api.schemas.problem import Problem

_TEMPLATE = "#/components/schemas/{model}"
EVENTS = "text/event-stream"
_UNUSED = ("HTTPValidationError", "ValidationError")


def describe(app: FastAPI) -> None:
    """Have `app` describe its errors as problems, not as FastAPI's own."""
    plain = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is not None:
            return app.openapi_schema
        document = plain()
        schemas = document.setdefault("components", {}).setdefault("schemas", {})
        problem = Problem.model_json_schema(ref_template=_TEMPLATE)
        schemas.update(problem.pop("$defs"))
        schemas["Problem"] = problem
        for name in _UNUSED:
            schemas.pop(name, None)
        document["components"]["schemas"] = dict(sorted(schemas.items()))
        _replace_validation_errors(document)
        _describe_events(document)
        return document

    app.openapi = openapi  # type: ignore[method-assign]


def _replace_validation_errors(document: dict[str, Any]) -> None:
    """Drop the 422 that FastAPI adds to routes with path parameters: none of ours can fail so."""
    for operations in document["paths"].values():
        for operation in operations.values():
            content = operation["responses"].get("422", {}).get("content", {})
            if "application/json" in content:
                del operation["responses"]["422"]


def _describe_events(document: dict[str, Any]) -> None:
    """Say of streams that the schema is that of each event's data, as OpenAPI 3.2 does."""
    for operations in document["paths"].values():
        for operation in operations.values():
            stream = operation["responses"].get("200", {}).get("content", {}).get(EVENTS, {})
            if "schema" in stream:
                events = {"contentMediaType": "application/json", "contentSchema": stream["schema"]}
                stream["itemSchema"] = {
                    "type": "object",
                    "properties": {"data": {"type": "string", **events}},
                    "required": ["data"],
                }
                del stream["schema"]
