"""Forms with files (`multipart/form-data`), read to the value that the same request has in JSON.

A form has one or many parts `image`; every other part is called as the field of the JSON body:
`model` and `priority` are words as they are, everything else is JSON (`options={"beam_size": 4}`,
`return_attention=true`). Errors point to where the field would be in JSON: the third `image` is
`/images/2`.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any

from fastapi import Request
from python_multipart.exceptions import FormParserError
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException, MultiPartParser

from app.api.pointers import pointer, sane
from app.api.strict_json import StrictJsonRoute, content_type, is_json, parse, read_json
from app.errors import FieldError, InvalidRequest

MULTIPART = "multipart/form-data"
_MOST_FILES = 4096  # parts of one form: far more than a list may hold, and few enough to keep
_MOST_FIELDS = 64
_MOST_VALUES = 65_536  # of a JSON body with images, whose bytes are many and whose values are few
_WORDS = ("model", "priority")
_ONE, _MANY = "image", "images"


class ImagesRoute(StrictJsonRoute):
    """A route that takes images: in a form, or in base64 in strict JSON."""

    async def read(self, request: Request) -> Any:
        """Return the value of the body, whichever of the two it is."""
        if is_json(request):
            return await read_json(request, _MOST_VALUES)
        if content_type(request) != MULTIPART:
            raise HTTPException(
                415, f"Send {MULTIPART} with parts `image`, or JSON with `images` in base64."
            )
        return await read_form(request)


class _Form(MultiPartParser):
    """Starlette's parser, which keeps all in memory (the body is bounded) and knows the end."""

    spool_max_size = 0  # never: nothing of a request goes to the disk

    def __init__(self, request: Request) -> None:
        """Parse the body of `request`."""
        super().__init__(
            request.headers,
            self._chunks(request),
            max_files=_MOST_FILES,
            max_fields=_MOST_FIELDS,
        )
        self._ended = False

    def on_end(self) -> None:
        """Note that the closing boundary came."""
        self._ended = True

    async def _chunks(self, request: Request) -> AsyncGenerator[bytes, None]:
        async for chunk in request.stream():
            yield chunk
        if not self._ended:  # raised here, inside of `parse`, which then closes its files
            raise MultiPartException("it breaks off before its closing boundary")


async def read_form(request: Request) -> dict[str, Any]:
    """Return a form's fields as JSON would have them, `images` as a list of bytes.

    Raises:
        InvalidRequest: it is no whole form, a field is there twice or is no JSON.
    """
    try:
        form = await _Form(request).parse()
    except (MultiPartException, FormParserError) as error:
        reason = error.message if isinstance(error, MultiPartException) else "is no such form"
        raise _unreadable("", f"cannot be read as {MULTIPART}: {reason}") from None
    try:
        value: dict[str, Any] = {}
        for name, part in form.multi_items():
            await _take(value, name, part)
        return value
    finally:
        await form.close()


async def _take(value: dict[str, Any], name: str, part: UploadFile | str) -> None:
    """Add one part to `value`."""
    if name == _ONE:
        images = value.setdefault(_MANY, [])
        if isinstance(part, str):
            message = "is text, not a file: send the image itself (curl -F image=@photo.jpg)"
            raise _unreadable(pointer([_MANY, len(images)]), message)
        images.append(await part.read())
        return
    place = pointer([name]) if sane(name) else ""
    if name == _MANY:
        raise _unreadable(place, "is called `image` in a form, once for each image")
    if isinstance(part, UploadFile):
        raise _unreadable(place, "is a file; only `image` may be one")
    if name in value:
        raise _unreadable(place, "is there twice")
    value[name] = part if name in _WORDS else _json(part, place)


def _json(part: str, place: str) -> Any:
    try:
        return parse(part.encode("utf-8", "surrogatepass"))
    except InvalidRequest as error:
        fields = [FieldError(place + one.pointer, one.message) for one in error.fields]
        raise InvalidRequest("The form cannot be read.", *fields) from None


def _unreadable(place: str, message: str) -> InvalidRequest:
    return InvalidRequest("The form cannot be read.", FieldError(place, message))
