"""Errors as RFC 9457 `application/problem+json`: one table from domain errors to HTTP.

A problem says what is wrong and where, and never repeats what the client sent.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import Scope

from app.api.context import RequestContext, context_of
from app.api.pointers import field_errors
from app.api.schemas.problem import Problem, ProblemField
from app.errors import (
    ArtifactError,
    Cancelled,
    DeadlineExceeded,
    DragomanError,
    EngineFailure,
    FieldError,
    InvalidRequest,
    NotFound,
    Refused,
)

MEDIA_TYPE = "application/problem+json"
CLIENT_CLOSED_REQUEST = 499  # nginx's; nobody reads it but the log

_STATUS: dict[type[DragomanError], tuple[int, str]] = {
    InvalidRequest: (422, "The request is invalid"),
    NotFound: (404, "Not found"),
    Refused: (503, "Not now"),
    DeadlineExceeded: (504, "Out of time"),
    Cancelled: (CLIENT_CLOSED_REQUEST, "The client went away"),
    ArtifactError: (503, "A model cannot be loaded"),
    EngineFailure: (500, "The service failed"),
    DragomanError: (500, "The service failed"),
}
_HTTP_CODES = {
    404: "not_found",
    405: "method_not_allowed",
    413: "too_large",
    415: "unsupported_media_type",
}


def problem(
    scope: Scope,
    status: int,
    code: str,
    title: str,
    detail: str,
    *,
    fields: Sequence[FieldError] = (),
    headers: dict[str, str] | None = None,
) -> Response:
    """Return a problem as a response, and note its code for the log."""
    body = _problem(context_of(scope), status, code, title, detail, fields)
    return JSONResponse(body.model_dump(), status, headers, MEDIA_TYPE)


def problem_of(context: RequestContext, error: DragomanError, status: int | None = None) -> Problem:
    """Return a domain error as a problem; `status` overrides the table's."""
    usual, title = next(_STATUS[kind] for kind in type(error).__mro__ if kind in _STATUS)
    return _problem(
        context,
        usual if status is None else status,
        error.code,
        title,
        error.message,
        error.fields,
    )


def domain_problem(scope: Scope, error: DragomanError, status: int | None = None) -> Response:
    """Return a domain error as a response; `status` overrides the table's."""
    headers = None
    if isinstance(error, Refused):
        headers = {"Retry-After": str(max(1, math.ceil(error.retry_after)))}
    body = problem_of(context_of(scope), error, status)
    return JSONResponse(body.model_dump(), body.status, headers, MEDIA_TYPE)


def _problem(
    context: RequestContext,
    status: int,
    code: str,
    title: str,
    detail: str,
    fields: Sequence[FieldError],
) -> Problem:
    context.code = code
    return Problem(
        type=f"urn:dragoman:{code}",
        title=title,
        status=status,
        detail=detail,
        code=code,
        request_id=context.request_id,
        errors=[ProblemField(pointer=field.pointer, message=field.message) for field in fields],
    )


def bug_of(context: RequestContext) -> Problem:
    """Return the problem for a bug of ours."""
    detail = "This is a bug of the service; please report it with the request id."
    return _problem(context, 500, "internal_error", "The service failed", detail, ())


def unforeseen(scope: Scope) -> Response:
    """Return the 500 for a bug of ours."""
    return JSONResponse(bug_of(context_of(scope)).model_dump(), 500, None, MEDIA_TYPE)


async def _on_domain_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, DragomanError), "registered for it: this is a bug"
    return domain_problem(request.scope, error)


async def _on_validation_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError), "registered for it: this is a bug"
    fields = field_errors(error.errors())
    invalid = InvalidRequest("The request does not fit the schema; see `errors`.", *fields)
    return domain_problem(request.scope, invalid)


async def _on_http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException), "registered for it: this is a bug"
    status = error.status_code
    code = _HTTP_CODES.get(status, "http_error")
    phrase = "The body is too large" if status == 413 else HTTPStatus(status).phrase
    own = error.detail if status in (413, 415) else f"{phrase}. See /docs."
    headers = dict(error.headers) if error.headers else None
    return problem(request.scope, status, code, phrase, own, headers=headers)


def install(app: FastAPI) -> None:
    """Answer every error of `app` with a problem."""
    app.add_exception_handler(DragomanError, _on_domain_error)
    app.add_exception_handler(RequestValidationError, _on_validation_error)
    app.add_exception_handler(HTTPException, _on_http_error)
