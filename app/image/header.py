"""What an image says of itself in its first bytes: no decoder has seen it yet.

Formats are told by content, never by name, and only four of them are read. Every width and height
here is what the file claims; a decoder must still be held to it.
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass
from typing import Literal, get_args

from app.errors import FieldError, UnreadableImage

Format = Literal["JPEG", "PNG", "WEBP", "GIF"]
FORMATS: tuple[Format, ...] = get_args(Format)
READ = "send JPEG, PNG, WebP or GIF"

# What people send most, so that the answer can say what it is. The group that repeats is atomic:
# there would be exponentially many ways to read a run of comments.
_OTHERS = (
    (re.compile(rb"....ftyp(heic|heix|mif1|msf1|hevc)", re.DOTALL), "HEIC"),
    (re.compile(rb"....ftypavif", re.DOTALL), "AVIF"),
    (re.compile(rb"II\*\x00|MM\x00\*"), "TIFF"),
    (re.compile(rb"BM"), "BMP"),
    (re.compile(rb"%PDF-"), "PDF"),
    (
        re.compile(
            rb"(\xef\xbb\xbf)?\s*(?>(<\?xml[^>]*>|<!--.*?-->|<!DOCTYPE[^>]*>)\s*)*<svg", re.S
        ),
        "SVG",
    ),
    (re.compile(rb"\s*<(!doctype html|html)", re.IGNORECASE), "HTML"),
)
_FRAMES = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})
"""Markers of a JPEG's frame header, whatever its coding."""
_BARE = frozenset({0x00, 0x01, 0xC8, *range(0xD0, 0xDA), *range(0xF0, 0xFE)})
"""Markers without a segment, or whose segment Pillow does not skip."""
_SCAN = 0xDA
_MARKER = re.compile(rb"[^\xff]*\xff+[^\xff]")
_MOST_STEPS = 8192
"""Bytes of a JPEG's markers and of what fills the room between its segments, small chunks of a PNG,
blocks before a GIF's first frame: cameras and editors write a few hundred; Pillow goes through them
one by one."""
_SMALL = 1024
"""Bytes of a chunk that cost more for being a chunk than for being read."""


@dataclass(frozen=True)
class Header:
    """A format and the size that a file claims to have, in pixels."""

    format: Format
    width: int
    height: int

    @property
    def pixels(self) -> int:
        """How many pixels it claims to have."""
        return self.width * self.height


def read_header(data: bytes, pointer: str) -> Header:
    """Return what `data` says of itself; `pointer` is where it stands in the request.

    Raises:
        UnreadableImage: it is none of the four formats, or breaks off, or has no pixels.
    """
    if not data:
        raise unreadable(pointer, "is empty")
    kind = _format(data)
    if kind is None:
        other = next((name for pattern, name in _OTHERS if pattern.match(data[:4096])), None)
        raise unreadable(pointer, f"is {other or 'no image of a known format'}; {READ}")
    try:
        width, height = _SIZES[kind](data)
    except (struct.error, EOFError):
        raise unreadable(pointer, "breaks off in its header") from None
    if not width or not height:
        raise unreadable(pointer, f"is {width} x {height} pixels: there is nothing to see")
    return Header(kind, width, height)


def unreadable(pointer: str, message: str) -> UnreadableImage:
    """Return the error for the image at `pointer`."""
    return UnreadableImage("The image cannot be read.", FieldError(pointer, message))


def _format(data: bytes) -> Format | None:
    if data.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "PNG"
    if data.startswith((b"GIF87a", b"GIF89a")):
        return "GIF"
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return "WEBP"
    return None


def _png(data: bytes) -> tuple[int, int]:
    """Go through the chunks, too, to count the small ones."""
    width, height = struct.unpack_from(">II", data, 16)
    place, left = 8, _MOST_STEPS
    while place + 4 <= len(data):
        (length,) = struct.unpack_from(">I", data, place)
        place += 12 + length
        left -= length < _SMALL
        if not left:
            raise EOFError
    return width, height


def _gif(data: bytes) -> tuple[int, int]:
    """Go through what stands before the first frame, too, to count its blocks."""
    width, height, flags = struct.unpack_from("<HHB", data, 6)
    place, left = 13 + (3 << (flags & 7) + 1) * (flags >> 7), _MOST_STEPS
    while data[place : place + 1] == b"!":
        place += 2
        size = 1
        while size:
            (size,) = struct.unpack_from("B", data, place)
            place, left = place + 1 + size, left - 1
            if not left:
                raise EOFError
    return width, height


def _webp(data: bytes) -> tuple[int, int]:
    kind = data[12:16]
    if kind == b"VP8 ":  # lossy: 14 bits each, after the frame's tag and start code
        width, height = struct.unpack_from("<HH", data, 26)
        return width & 0x3FFF, height & 0x3FFF
    if kind == b"VP8L":  # lossless: 14 bits each, less one
        (bits,) = struct.unpack_from("<I", data, 21)
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if kind == b"VP8X":  # with alpha, animation or metadata: 24 bits each, less one
        first, second = struct.unpack_from("<HB", data, 24), struct.unpack_from("<HB", data, 27)
        return first[0] + (first[1] << 16) + 1, second[0] + (second[1] << 16) + 1
    return 0, 0


def _jpeg(data: bytes) -> tuple[int, int]:
    """Go from segment to segment, through the frame header, up to where the pixels begin."""
    size: tuple[int, int] | None = None
    place, left = 2, _MOST_STEPS
    while found := _MARKER.match(data, place, place + left):
        place, left = found.end(), left - len(found[0])
        marker = data[place - 1]
        if marker == _SCAN and size is not None:
            return size
        if marker in _BARE:
            continue
        if marker in _FRAMES:
            height, width = struct.unpack_from(">HH", data, place + 3)
            size = width, height
        (length,) = struct.unpack_from(">H", data, place)
        place += max(2, length)
    raise EOFError


_SIZES = {"JPEG": _jpeg, "PNG": _png, "WEBP": _webp, "GIF": _gif}
