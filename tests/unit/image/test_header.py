"""Formats and sizes are told from the first bytes, before any decoder sees them."""

from __future__ import annotations

import contextlib
import io
import struct
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from app.errors import UnreadableImage
from app.image.header import Format, Header, read_header
from tests.fakes.images import HEIC, SVG, cells, encode, png


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("JPEG", {}),
        ("JPEG", {"progressive": True}),
        ("JPEG", {"exif": b"Exif\x00\x00MM\x00*" + bytes(4000), "comment": b"\xff\xc0 no frame"}),
        ("PNG", {}),
        ("GIF", {}),
        ("WEBP", {}),
        ("WEBP", {"lossless": True}),
        ("WEBP", {"exif": b"Exif\x00\x00MM\x00*" + bytes(99)}),
    ],
)
@pytest.mark.parametrize("size", [(1, 1), (32, 24), (640, 3)])
def test_a_file_says_how_large_it_is(
    kind: str, options: dict[str, object], size: tuple[int, int]
) -> None:
    data = encode(cells().resize(size), kind, **options)
    header = read_header(data, "")
    assert header == Header(kind, *size)  # type: ignore[arg-type]
    assert header.pixels == size[0] * size[1]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "is empty"),
        (b"no image at all", "is no image of a known format; send JPEG, PNG, WebP or GIF"),
        (SVG, "is SVG; send JPEG, PNG, WebP or GIF"),
        (b" <svg/>", "is SVG; send JPEG, PNG, WebP or GIF"),
        (b"<!-- a --> <?xml version='1.0'?><svg/>", "is SVG; send JPEG, PNG, WebP or GIF"),
        (b"<!-- a -- > b -->\n<!DOCTYPE svg>\n<svg/>", "is SVG; send JPEG, PNG, WebP or GIF"),
        (HEIC, "is HEIC; send JPEG, PNG, WebP or GIF"),
        (b"\x00\x00\x00\x18ftypavif", "is AVIF; send JPEG, PNG, WebP or GIF"),
        (b"II*\x00" + bytes(9), "is TIFF; send JPEG, PNG, WebP or GIF"),
        (b"BM" + bytes(99), "is BMP; send JPEG, PNG, WebP or GIF"),
        (b"%PDF-1.7", "is PDF; send JPEG, PNG, WebP or GIF"),
        (b"<!DOCTYPE html><title>404</title>", "is HTML; send JPEG, PNG, WebP or GIF"),
        (b"GIF89a", "breaks off in its header"),
        (b"\xff\xd8\xff\xe0", "breaks off in its header"),
        (b"\xff\xd8\xff\xff\xff", "breaks off in its header"),
        (b"\x89PNG\r\n\x1a\n", "breaks off in its header"),
        (b"RIFF\x00\x00\x00\x00WEBPVP8X", "breaks off in its header"),
        (png(0, 0), "is 0 x 0 pixels: there is nothing to see"),
        (png(9, 0), "is 9 x 0 pixels: there is nothing to see"),
        (b"GIF89a" + bytes(9), "is 0 x 0 pixels: there is nothing to see"),
        (b"RIFF\x00\x00\x00\x00WEBPWHAT" + bytes(9), "is 0 x 0 pixels: there is nothing to see"),
        (b"\xff\xd8\xff\xdaHi" + bytes(99), "breaks off in its header"),
        (b"\xff\xd8\xff\x01" + bytes(9), "breaks off in its header"),
    ],
)
def test_what_is_no_image_is_called_by_its_name(data: bytes, message: str) -> None:
    with pytest.raises(UnreadableImage) as caught:
        read_header(data, "/images/3")
    assert [(field.pointer, field.message) for field in caught.value.fields] == [
        ("/images/3", message)
    ]


def test_thousands_of_comments_are_read_once() -> None:
    with pytest.raises(UnreadableImage) as caught:
        read_header(b"<!---->" * 4000, "")
    assert caught.value.fields[0].message.startswith("is no image of a known format")


def padded(filling: bytes, before: bytes) -> bytes:
    """A JPEG with `filling` before its first marker `before`."""
    head, marker, rest = encode(cells(), "JPEG").partition(before)
    return head + filling + marker + rest


FRAME, TABLES = b"\xff\xc0", b"\xff\xc4"  # the second come behind the frame header


@pytest.mark.parametrize("before", [FRAME, TABLES])
@pytest.mark.parametrize("filling", [b"\xff" * 99, b"\x00" * 99, b"\xff\xe5\x00\x02" * 99])
def test_a_jpeg_may_be_padded_a_little(filling: bytes, before: bytes) -> None:
    assert read_header(padded(filling, before), "") == Header("JPEG", 32, 24)


@pytest.mark.parametrize("before", [FRAME, TABLES])
@pytest.mark.parametrize(
    "filling",
    [
        b"\xff" * 1_000_000,
        b"\x00" * 1_000_000,
        b"\xff\x00" * 500_000,
        b"\xff\xd9" * 500_000,
        b"\xff\xf0\xff\xff" * 250_000,
        b"\xff\xe5\x00\x02" * 250_000,
    ],
    ids=["padding", "zeros", "escapes", "ends", "extensions", "segments"],
)
def test_a_jpeg_whose_header_goes_on_and_on_is_given_up(filling: bytes, before: bytes) -> None:
    with pytest.raises(UnreadableImage) as caught:
        read_header(padded(filling, before), "")
    assert caught.value.fields[0].message == "breaks off in its header"


CHUNK = struct.pack(">I4sI", 0, b"prVt", zlib.crc32(b"prVt"))
COMMENT, BLOCKS = b"!\xfe\x00", b"!\xfe" + b"\x01c" * 9000 + b"\x00"


def stuffed(kind: str, filling: bytes) -> bytes:
    """A PNG or GIF with `filling` before its first pixels."""
    data = encode(cells(), kind)
    start = data.index(b"IDAT") - 4 if kind == "PNG" else data.index(b"\x2c\x00\x00\x00\x00")
    return data[:start] + filling + data[start:]


@pytest.mark.parametrize(("kind", "filling"), [("PNG", CHUNK * 99), ("GIF", COMMENT * 99)])
def test_a_file_may_hold_some_small_parts(kind: Format, filling: bytes) -> None:
    data = stuffed(kind, filling)
    with Image.open(io.BytesIO(data)) as image:
        image.load()
    assert read_header(data, "") == Header(kind, 32, 24)


@pytest.mark.parametrize(
    ("kind", "filling"), [("PNG", CHUNK * 9000), ("GIF", COMMENT * 9000), ("GIF", BLOCKS)]
)
def test_a_file_of_too_many_small_parts_is_given_up(kind: str, filling: bytes) -> None:
    with pytest.raises(UnreadableImage) as caught:
        read_header(stuffed(kind, filling), "")
    assert caught.value.fields[0].message == "breaks off in its header"


def test_a_png_in_many_large_chunks_is_read() -> None:
    noise = Image.frombytes("L", (4096, 4096), np.random.default_rng(1).bytes(1 << 24))
    assert read_header(encode(noise, "PNG", compress_level=0), "").pixels == 1 << 24


STARTS = (
    b"\xff\xd8\xff",
    b"\x89PNG\r\n\x1a\n",
    b"GIF89a",
    b"RIFF    WEBPVP8X",
    b"RIFF    WEBPVP8L",
)


@given(st.sampled_from(STARTS), st.binary(max_size=300))
def test_no_bytes_break_the_reader(start: bytes, rest: bytes) -> None:
    with contextlib.suppress(UnreadableImage):
        assert read_header(start + rest, "").pixels > 0
