"""Validation errors as JSON pointers (RFC 6901) and messages of our own; the input is left out."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from app.api.schemas.caption import IMAGE_TAGS
from app.api.schemas.text import TEXT_TAGS
from app.errors import FieldError

_MOST = 16
"""Errors that one answer lists."""

_SANE_NAME = re.compile(r"[A-Za-z0-9_.-]{1,40}")

_MESSAGES = {
    "missing": "is required",
    "extra_forbidden": "is not a known field",
    "string_type": "must be a string",
    "string_unicode": "must not hold half of a surrogate pair",
    "string_too_short": "must not be empty",
    "list_type": "must be a list",
    "int_type": "must be a whole number",
    "float_type": "must be a number",
    "finite_number": "must be a finite number",
    "bool_type": "must be true or false",
    "model_type": "must be an object",
    "model_attributes_type": "must be an object",
    "union_tag_not_found": "must be a string or a list of strings",
}


def field_errors(errors: Sequence[Mapping[str, Any]]) -> list[FieldError]:
    """Return pydantic's errors, at most 16 of them, without the input that they quote."""
    return [_field_error(error) for error in errors[:_MOST]]


def _field_error(error: Mapping[str, Any]) -> FieldError:
    kind, location = str(error["type"]), list(error["loc"])
    place = location[1:] if location[:1] in (["body"], ["path"], ["query"]) else location
    place = [part for part in place if part not in (*TEXT_TAGS, *IMAGE_TAGS)]
    message = _MESSAGES.get(kind, str(error["msg"]))
    if kind == "extra_forbidden" and not _SANE_NAME.fullmatch(str(place[-1])):
        return FieldError(pointer(place[:-1]), "has a field that is not known")
    return FieldError(pointer(place), message)


def pointer(place: Sequence[str | int]) -> str:
    """Return the JSON pointer of a place; "" is the whole document.

    >>> pointer(["text", 3]), pointer(["a/b~c"])
    ('/text/3', '/a~1b~0c')
    """
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in place)


def sane(name: str) -> bool:
    """Return whether a field's name is a name, not text in the wrong place."""
    return _SANE_NAME.fullmatch(name) is not None
