"""The bodies of requests: JSON for texts, a form for images."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dragoman_client.arguments import TOP_LEVEL

_HEAD = 'Content-Disposition: form-data; name="{}"'


@dataclass(frozen=True)
class Body:
    """Bytes, and what they are."""

    content: bytes
    content_type: str


def split(arguments: Mapping[str, object], known: frozenset[str]) -> dict[str, object]:
    """The fields of a request for keyword arguments: those of its own, and its `options`.

    Raises:
        TypeError: an argument is unknown.
    """
    unknown = set(arguments) - known
    if unknown:
        raise TypeError(f"unknown argument: {', '.join(sorted(unknown))}")
    given = {key: value for key, value in arguments.items() if value is not None}
    fields = {key: value for key, value in given.items() if key in TOP_LEVEL}
    options = {key: value for key, value in given.items() if key not in TOP_LEVEL}
    return {**fields, "options": options} if options else fields


def json_body(fields: Mapping[str, object]) -> Body:
    """The fields as a JSON object."""
    # Pure ASCII, so that even a lone surrogate reaches the service and gets its clear answer.
    return Body(json.dumps(fields).encode("ascii"), "application/json")


def form_body(images: Sequence[bytes], fields: Mapping[str, object]) -> Body:
    """A form: a file `image` for each of `images`, and the fields, words as they are."""
    parts = [
        (_HEAD.format(name), value.encode() if isinstance(value, str) else json_body_of(value))
        for name, value in fields.items()
    ]
    parts += [(_HEAD.format("image") + '; filename="image"', image) for image in images]
    cut = uuid.uuid4().hex  # 122 random bits: no image holds them
    content = b"".join(
        b"--%s\r\n%s\r\n\r\n%s\r\n" % (cut.encode(), head.encode(), data) for head, data in parts
    )
    return Body(content + f"--{cut}--\r\n".encode(), f"multipart/form-data; boundary={cut}")


def json_body_of(value: object) -> bytes:
    """One value as JSON."""
    return json.dumps(value).encode("ascii")
