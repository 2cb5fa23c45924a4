"""Between values and HTTP, without sending: headers, answers, errors."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar
from urllib.parse import quote

import httpx2

from dragoman_client import errors, reading, results
from dragoman_client.body import Body

REQUEST_ID = "X-Request-ID"
_T = TypeVar("_T")
_STATUSES: dict[int, type[errors.ApiError]] = {
    404: errors.NotFound,
    429: errors.Refused,
    503: errors.Refused,
    504: errors.DeadlineExceeded,
}


def headers(request_id: str, body: Body | None) -> dict[str, str]:
    """The headers of one request."""
    kind = {} if body is None else {"Content-Type": body.content_type}
    return {REQUEST_ID: request_id, "Accept": "application/json", **kind}


def model_path(name: str) -> str:
    """The path of one model, whatever characters its name has."""
    return f"/v1/models/{quote(name, safe='')}"


def request_id_of(response: httpx2.Response, sent: str) -> str:
    """The id that the service's log has: its own where it did not keep the one that was sent."""
    return str(response.headers.get(REQUEST_ID, sent))


def read_results(
    read: reading.Reader[_T], response: httpx2.Response, request_id: str, count: int
) -> list[_T]:
    """The `count` results of an answer, in the order of the request.

    Raises:
        UnexpectedAnswer: the body is no such answer.
    """
    try:
        found = read(response.json(), request_id)
        if len(found) != count:
            raise ValueError(f"{len(found)} results for {count} items")
        return found
    except reading.MALFORMED as error:
        raise _unexpected(response, request_id) from error


def read_event(
    read: reading.Reader[_T], data: str, response: httpx2.Response, request_id: str
) -> results.Piece | list[_T] | None:
    """What the data of an event brings: a piece, the results at the end, or nothing.

    Raises:
        ApiError: the stream ended with an error.
        UnexpectedAnswer: the data is no such event.
    """
    if not data:  # by the standard an event without data is none
        return None
    try:
        event = json.loads(data)
        if event["type"] == "token":
            return results.Piece(int(event["index"]), str(event["text"]))
        if event["type"] == "values":
            return results.Piece(int(event["index"]), "", reading.series(event["values"]))
        if event["type"] == "done":
            return read(event["result"], request_id)
        if event["type"] == "error":
            problem = dict(event["error"])
            raise _failure(problem, int(problem["status"]), request_id, None)
    except reading.MALFORMED as error:
        raise _unexpected(response, request_id) from error
    return None  # an event of tomorrow


def broken_stream(request_id: str) -> errors.ConnectionFailed:
    """The error for a stream that ended without saying so."""
    return errors.ConnectionFailed("the stream broke off before its end", request_id=request_id)


def read_models(response: httpx2.Response, request_id: str) -> list[results.Model]:
    """The models of `GET /v1/models`.

    Raises:
        UnexpectedAnswer: the body is no such answer.
    """
    try:
        return [reading.model(item) for item in response.json()["models"]]
    except reading.MALFORMED as error:
        raise _unexpected(response, request_id) from error


def read_model(response: httpx2.Response, request_id: str) -> results.Model:
    """The model of `GET /v1/models/{name}`.

    Raises:
        UnexpectedAnswer: the body is no such answer.
    """
    try:
        return reading.model(response.json())
    except reading.MALFORMED as error:
        raise _unexpected(response, request_id) from error


def read_languages(response: httpx2.Response, request_id: str) -> list[results.Language]:
    """The languages of `GET /v1/languages`.

    Raises:
        UnexpectedAnswer: the body is no such answer.
    """
    try:
        return [reading.language(item) for item in response.json()["languages"]]
    except reading.MALFORMED as error:
        raise _unexpected(response, request_id) from error


def failure_of(response: httpx2.Response, request_id: str) -> errors.DragomanError | None:
    """The error that an answer stands for; None for a success."""
    if response.is_success:
        return None
    status = response.status_code
    pause = retry_after(response.headers.get("Retry-After"), datetime.now(UTC))
    try:
        return _failure(response.json(), status, request_id, pause)
    except reading.MALFORMED:
        if status not in _STATUSES and status < 500:
            return _unexpected(response, request_id)
        # A proxy in between: the status says enough.
        return _kind(status)(
            f"HTTP {status}", request_id=request_id, status=status, retry_after=pause
        )


def _failure(
    problem: Mapping[str, Any], status: int, request_id: str, pause: float | None
) -> errors.ApiError:
    """The error that a problem stands for; raises one of `MALFORMED` where it is none."""
    code = problem["code"]
    if not isinstance(code, str):
        raise TypeError("the code of a problem is a string")
    kind = errors.TooLong if code == errors.TooLong.code else _kind(status)
    return kind(
        str(problem.get("detail") or problem.get("title") or f"HTTP {status}"),
        request_id=str(problem.get("request_id") or request_id),
        code=code,
        status=status,
        errors=reading.read_all(errors.FieldError, problem.get("errors")),
        retry_after=pause,
    )


def failure_of_exchange(error: httpx2.RequestError, request_id: str) -> errors.DragomanError:
    """The error that a failed exchange stands for, with its cause."""
    reason = str(error) or type(error).__name__
    failure: errors.DragomanError
    if isinstance(error, httpx2.SSEError | httpx2.DecodingError):
        failure = errors.UnexpectedAnswer(
            f"the answer is not as Dragoman's are: {reason}", request_id=request_id
        )
    elif isinstance(error, httpx2.TimeoutException) and not isinstance(
        error, httpx2.ConnectTimeout
    ):
        failure = errors.TimedOut("no answer within the timeout", request_id=request_id)
    else:
        failure = errors.ConnectionFailed(
            f"cannot reach the service: {reason}", request_id=request_id
        )
    failure.__cause__ = error
    return failure


def retry_after(header: str | None, now: datetime) -> float | None:
    """Seconds that a `Retry-After` header asks for: a number, or a date after `now`; else None."""
    if header is None:
        return None
    try:
        return max(0.0, float(header))
    except ValueError:
        pass
    try:
        date = parsedate_to_datetime(header)
    except ValueError:
        return None
    return max(0.0, (date.replace(tzinfo=date.tzinfo or UTC) - now).total_seconds())


def _kind(status: int) -> type[errors.ApiError]:
    if status in _STATUSES:
        return _STATUSES[status]
    return errors.InvalidRequest if status < 500 else errors.ServerError


def _unexpected(response: httpx2.Response, request_id: str) -> errors.UnexpectedAnswer:
    return errors.UnexpectedAnswer(
        f"HTTP {response.status_code} with a body that is not Dragoman's: check the address",
        request_id=request_id,
        status=response.status_code,
    )
