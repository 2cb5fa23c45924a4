"""JSON as RFC 8259 has it: UTF-8, no repeated fields. Python's own reader is laxer."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request
from fastapi.routing import APIRoute
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import Response

from app.api.context import context_of
from app.api.dependencies import service_of
from app.api.pointers import pointer, sane
from app.api.race import in_time
from app.errors import Cancelled, FieldError, InvalidRequest

_MOST_FIELDS = 64
"""Fields of one object: far more than any schema has, and few enough to report on at once."""


class _Object(dict[str, Any]):
    """A JSON object that remembers a field it was given twice."""

    repeated: str | None = None


def _object(pairs: list[tuple[str, Any]]) -> _Object:
    if len(pairs) > _MOST_FIELDS:
        raise _not_json(f"has an object of more than {_MOST_FIELDS} fields")
    result = _Object(pairs)
    if len(result) < len(pairs):
        names = [name for name, _ in pairs]
        result.repeated = Counter(names).most_common(1)[0][0]
    return result


def parse(body: bytes) -> Any:
    """Return the value that `body` spells; NaN and Infinity come through, for the schema to refuse.

    Raises:
        InvalidRequest: it is no JSON, or an object has a field twice; the error says where.
    """
    repeats: list[_Object] = []

    def collect(pairs: list[tuple[str, Any]]) -> _Object:
        result = _object(pairs)
        if result.repeated is not None:
            repeats.append(result)
        return result

    try:
        value = json.loads(body.decode("utf-8-sig"), object_pairs_hook=collect)
    except UnicodeDecodeError as error:
        raise _not_json(f"is not UTF-8: see byte {error.start}") from None
    except json.JSONDecodeError as error:
        raise _not_json(f"is not JSON: see line {error.lineno}, column {error.colno}") from None
    except RecursionError:
        raise _not_json("is nested too deeply") from None
    except ValueError:  # an integer of more than 4,300 digits
        raise _not_json("holds a number with too many digits") from None
    if repeats:
        raise _repeated(value, repeats[0])
    return value


def _not_json(message: str) -> InvalidRequest:
    return InvalidRequest("The body cannot be read.", FieldError("", message))


def _repeated(value: Any, culprit: _Object) -> InvalidRequest:
    place = _find(value, culprit)
    name = culprit.repeated
    if place is None or name is None or not sane(name):
        field = FieldError(pointer(place or []), "has a field twice")
    else:
        field = FieldError(pointer([*place, name]), "is there twice")
    return InvalidRequest("A field is there twice.", field)


def _find(value: Any, wanted: _Object) -> list[str | int] | None:
    """Return where `wanted` stands in `value`; None if a repeated field has replaced it."""
    stack: list[tuple[Any, list[str | int]]] = [(value, [])]
    while stack:
        here, place = stack.pop()
        if here is wanted:
            return place
        inside: Any = ()
        if isinstance(here, dict):
            inside = ((key, part) for key, part in here.items() if sane(key))
        elif isinstance(here, list):
            inside = enumerate(here)
        stack.extend((part, [*place, key]) for key, part in inside if isinstance(part, dict | list))
    return None


class JsonRequest(Request):
    """A request whose body was read already, to the value that its JSON has, or would have."""

    def __init__(self, request: Request, value: Any) -> None:
        """Stand in for `request`, of whose bytes nothing is kept."""
        super().__init__(request.scope, request.receive)
        self._headers = Headers({**request.headers, "content-type": "application/json"})
        self._value = value

    async def body(self) -> bytes:
        """Return that there is a body."""
        return b"{}"

    async def json(self) -> Any:
        """Return the body's value."""
        return self._value


class StrictJsonRoute(APIRoute):
    """A route whose body, if it takes one, is strict JSON of a JSON content type.

    All of it must come before the deadline, and before draining takes too long.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return FastAPI's handler behind the strict reader."""
        handler = super().get_route_handler()
        if self.body_field is None:
            return handler

        async def strict(request: Request) -> Response:
            if request.headers.get("content-encoding", "identity").lower() != "identity":
                raise HTTPException(415, "Send the body without Content-Encoding.")
            deadline, gate = context_of(request.scope).deadline, service_of(request).gate
            try:
                value = await in_time(self.read(request), deadline, gate)
            except ClientDisconnect:
                raise Cancelled("The client went away.") from None
            return await handler(JsonRequest(request, value))

        return strict

    async def read(self, request: Request) -> Any:
        """Return the value of the body.

        Raises:
            HTTPException: 415, the body is of another type.
            InvalidRequest: it cannot be read.
        """
        if not is_json(request):
            raise HTTPException(415, "Send JSON with Content-Type: application/json.")
        return await read_json(request)


async def read_json(request: Request, most_values: int | None = None) -> Any:
    """Return the value of a JSON body, in which at most `most_values` values may be counted.

    Raises:
        InvalidRequest: it is empty, no JSON, or holds more.
    """
    body = await request.body()
    if not body:
        raise _not_json("is empty; send a JSON object")
    if most_values is not None and sum(map(body.count, (b",", b"[", b"{"))) > most_values:
        raise _not_json(f"holds more than {most_values} values")
    return parse(body)


def is_json(request: Request) -> bool:
    """Return whether the body of `request` is said to be JSON."""
    main, _, sub = content_type(request).partition("/")
    return main == "application" and (sub == "json" or sub.endswith("+json"))


def content_type(request: Request) -> str:
    """Return the content type of `request` without its parameters, in small letters."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()
