"""Images in JSON: base64, and nothing that would have to be fetched."""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator

from app.image.header import unreadable

_DATA_URL = re.compile(r"data:[^,;]{0,100}(;[^,;]{1,100}){0,4};base64,", re.IGNORECASE)
_URL = re.compile(r"\s*[A-Za-z][A-Za-z0-9+.-]{0,20}:")
_SPACE = b" \t\r\n"
_PIECE = 1 << 18  # characters, a multiple of 4


def from_base64(text: str, pointer: str) -> bytes:
    """Return the bytes that `text` encodes; line breaks and the head of a `data:` URL may be there.

    Args:
        text: what the client sent.
        pointer: where in the request it stands, `/images/3` say.

    Raises:
        UnreadableImage: it is a URL, or no base64.
    """
    head = _DATA_URL.match(text)
    if head is None and _URL.match(text):
        raise unreadable(pointer, "is a URL: nothing is fetched; send the image itself, in base64")
    try:
        body = (text[head.end() :] if head else text).encode("ascii").translate(None, _SPACE)
        return b"".join(_pieces(body))
    except (binascii.Error, UnicodeEncodeError):
        raise unreadable(pointer, "is not base64") from None


def _pieces(body: bytes) -> Iterator[bytes]:
    """Decode piece by piece: one call for all would hold up every other thread meanwhile."""
    if 0 <= body.find(b"=") < len(body) - 2:
        raise binascii.Error("padding before the end")
    for place in range(0, len(body), _PIECE):
        yield binascii.a2b_base64(body[place : place + _PIECE], strict_mode=True)
