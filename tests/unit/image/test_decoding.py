"""Every kind of image becomes upright, opaque RGB of the model's size; bad ones are refused."""

from __future__ import annotations

import io
import os
import struct
import tracemalloc
import zlib

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from app.errors import ImageTooLarge, InvalidRequest, UnreadableImage
from app.image.decoding import decode
from app.settings import Settings
from tests.fakes.images import BLACK, BLUE, CELLS, GREEN, RED, WHITE, cells, encode, png

MOST = 1_000_000


def seen(data: bytes, tolerance: int = 20) -> tuple[tuple[int, ...], ...]:
    """The colours of the four cells, each channel rounded to black or white if it is near."""
    pixels = decode(data, 16, 24, MOST).astype(int)
    assert pixels.shape == (16, 24, 3)
    middles = [pixels[y, x] for y in (4, 12) for x in (6, 18)]
    near = [np.where(m <= tolerance, 0, np.where(m >= 255 - tolerance, 255, m)) for m in middles]
    return tuple(tuple(m.tolist()) for m in near)


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("JPEG", {"quality": 95}),
        ("JPEG", {"quality": 95, "progressive": True}),
        ("PNG", {}),
        ("WEBP", {"quality": 95}),
        ("WEBP", {"lossless": True}),
        ("GIF", {}),
        # What some telephones write: a JPEG with a second picture behind it.
        ("MPO", {"quality": 95, "save_all": True, "append_images": [Image.new("RGB", (9, 9))]}),
    ],
)
def test_every_format_is_read(kind: str, options: dict[str, object]) -> None:
    assert seen(encode(cells(), kind, **options)) == CELLS


@pytest.mark.parametrize("mode", ["P", "RGBA", "CMYK"])
def test_colour_modes_become_rgb(mode: str) -> None:
    kind = "JPEG" if mode == "CMYK" else "PNG"
    assert seen(encode(cells().convert(mode), kind), tolerance=40) == CELLS


def test_grey_of_one_eight_and_sixteen_bits() -> None:
    black, white, grey = (0, 0, 0), (255, 255, 255), (128, 128, 128)
    eight = cells(BLACK, WHITE, grey, BLACK).convert("L")
    assert seen(encode(eight)) == (black, white, grey, black)
    one = cells(BLACK, WHITE, WHITE, BLACK).convert("1")
    assert seen(encode(one)) == (black, white, white, black)
    deep = Image.fromarray(np.asarray(eight, np.uint16) * 257)
    assert deep.mode.startswith("I;16")
    assert seen(encode(deep)) == (black, white, grey, black)


def test_sixteen_bits_a_channel_are_read() -> None:
    # Pillow writes no 48-bit PNG: the rows of one, 2 x 1 pixels, by hand.
    rows = b"\x00" + bytes([0xFF, 0xFF, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF])
    data = bytearray(png(2, 1, rows))
    data[24:26] = bytes([16, 2])
    data[29:33] = struct.pack(">I", zlib.crc32(bytes(data[12:29])))
    assert decode(bytes(data), 1, 2, MOST).tolist() == [[[255, 0, 0], [0, 0, 255]]]


def test_what_is_transparent_shows_white() -> None:
    image = cells().convert("RGBA")
    image.paste((0, 0, 0, 0), (0, 0, 16, 12))
    assert seen(encode(image)) == (WHITE, GREEN, BLUE, WHITE)
    assert seen(encode(image, "WEBP", lossless=True)) == (WHITE, GREEN, BLUE, WHITE)
    assert seen(encode(image.convert("LA")))[0] == WHITE
    palette = cells(BLACK, GREEN, BLUE, WHITE).convert("P", palette=Image.Palette.ADAPTIVE)
    clear = palette.getpixel((0, 0))
    for kind in ("PNG", "GIF"):
        assert seen(encode(palette, kind, transparency=clear)) == (WHITE, GREEN, BLUE, WHITE)


def test_half_transparent_is_laid_on_white() -> None:
    image = Image.new("RGBA", (8, 8), (255, 0, 0, 128))
    assert decode(encode(image), 1, 1, MOST).tolist() == [[[255, 127, 127]]]


@pytest.mark.parametrize("turn", range(1, 9))
def test_exif_turns_a_photo_upright(turn: int) -> None:
    lying = {
        1: cells(),
        2: cells().transpose(Image.Transpose.FLIP_LEFT_RIGHT),
        3: cells().transpose(Image.Transpose.ROTATE_180),
        4: cells().transpose(Image.Transpose.FLIP_TOP_BOTTOM),
        5: cells().transpose(Image.Transpose.TRANSPOSE),
        6: cells().transpose(Image.Transpose.ROTATE_90),
        7: cells().transpose(Image.Transpose.TRANSVERSE),
        8: cells().transpose(Image.Transpose.ROTATE_270),
    }
    exif = Image.Exif()
    exif[0x0112] = turn
    assert seen(encode(lying[turn], "JPEG", quality=95, exif=exif)) == CELLS
    assert seen(encode(lying[turn], "PNG", exif=exif)) == CELLS


@pytest.mark.filterwarnings("ignore:Corrupt EXIF")
def test_damaged_metadata_are_no_reason_to_refuse() -> None:
    data = encode(cells(), "JPEG", quality=95, exif=b"Exif\x00\x00MM\x00*\xff\xff\xff\xff junk")
    assert seen(data) == CELLS


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG"])
def test_the_first_frame_of_an_animation_is_seen(kind: str) -> None:
    others = [Image.new("RGB", (32, 24), colour) for colour in (BLACK, RED)]
    options = {"lossless": True} if kind == "WEBP" else {}
    data = encode(cells(), kind, save_all=True, append_images=others, **options)
    assert seen(data) == CELLS


def test_the_whole_frame_is_stretched() -> None:
    assert seen(encode(cells(width=400, height=10))) == CELLS
    assert (
        decode(encode(Image.new("RGB", (1, 1), RED)), 3, 2, MOST).tolist()
        == [[[255, 0, 0]] * 2] * 3
    )


def test_a_large_jpeg_is_decoded_small_and_looks_the_same() -> None:
    gradient = Image.linear_gradient("L").resize((1600, 1200)).convert("RGB")
    small = decode(encode(gradient, "JPEG", quality=95), 24, 32, 2_000_000).astype(int)
    exact = np.asarray(gradient.resize((32, 24), Image.Resampling.BICUBIC), int)
    assert np.abs(small - exact).max() <= 3


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF"])
def test_a_file_that_breaks_off_is_refused(kind: str) -> None:
    noise = Image.frombytes("RGB", (64, 64), os.urandom(64 * 64 * 3))
    data = encode(noise, kind)
    for length in (len(data) // 2, 9 * len(data) // 10):
        with pytest.raises(UnreadableImage) as caught:
            decode(data[:length], 8, 8, MOST, "/images")
        (field,) = caught.value.fields
        assert (field.pointer, field.message.partition(":")[0]) == (
            "/images",
            "is damaged or breaks off",
        )


def test_text_that_is_called_a_picture_is_refused() -> None:
    with pytest.raises(UnreadableImage):
        decode(b"\xff\xd8\xff this is no photograph, whatever its name says" * 20, 8, 8, MOST)


def test_a_bomb_is_refused_before_it_is_decoded() -> None:
    bomb = png(60_000, 60_000, bytes(1_000_000))
    assert len(bomb) < 2000
    tracemalloc.start()
    with pytest.raises(ImageTooLarge) as caught:
        decode(bomb, 8, 8, 25_000_000, "/images/0")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 1_000_000
    (field,) = caught.value.fields
    assert field.message.startswith("is 60000 x 60000 pixels; the limit is 25000000 pixels")


def test_a_file_is_held_to_what_it_claims() -> None:
    # A GIF whose screen is one pixel and whose frame is not: Pillow finds out on opening it.
    data = bytearray(encode(Image.new("P", (900, 900)), "GIF"))
    data[6:10] = b"\x01\x00\x01\x00"
    with pytest.raises(InvalidRequest):
        decode(bytes(data), 8, 8, 1000)


def test_the_limit_is_never_above_pillows_own() -> None:
    most = [part.le for part in Settings.model_fields["max_pixels"].metadata if hasattr(part, "le")]
    assert Image.MAX_IMAGE_PIXELS is not None
    assert most == [Image.MAX_IMAGE_PIXELS]


def test_a_text_chunk_that_explodes_is_refused() -> None:
    info = PngImagePlugin.PngInfo()
    info.add_text("Comment", "a" * 20_000_000, zip=True)
    file = io.BytesIO()
    cells().save(file, "PNG", pnginfo=info)
    with pytest.raises(UnreadableImage):
        decode(file.getvalue(), 8, 8, MOST)
