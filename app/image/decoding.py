"""An image's bytes as the pixels that a model takes: upright, opaque RGB of its size."""

from __future__ import annotations

import io
from contextlib import suppress

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from app.errors import FieldError, ImageTooLarge
from app.image.header import Header, read_header, unreadable

_SPARE = 4  # a JPEG may be decoded at a half, a quarter or an eighth, but so many times the size
_ORIENTATION = 0x0112
# EXIF's orientation, as what makes the picture upright again.
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_LYING = (5, 6, 7, 8)  # orientations that swap width and height


def decode(
    data: bytes, height: int, width: int, max_pixels: int, pointer: str = ""
) -> NDArray[np.uint8]:
    """Return `data` as uint8 [height, width, 3]: the whole frame, stretched.

    Of an animation the first frame; what is transparent shows white. `pointer` is where the image
    stands in the request. It takes up to about 12 bytes for each pixel of the image.

    Raises:
        UnreadableImage: it is no JPEG, PNG, WebP or GIF, or is damaged, or has no pixels.
        ImageTooLarge: it has more than `max_pixels` pixels; none of them was decoded.
    """
    header = read_header(data, pointer)
    check_pixels(header, max_pixels, pointer)
    try:
        with Image.open(io.BytesIO(data), formats=[header.format]) as image:
            # A file may claim one size in its header and have another where Pillow looks.
            claimed = Header(header.format, *image.size)
            check_pixels(claimed, max_pixels, pointer)
            return _pixels(image, height, width)
    except (ImageTooLarge, MemoryError):
        raise
    except Exception as error:  # Pillow raises a dozen kinds for a damaged file
        message = f"is damaged or breaks off: a {header.format} that cannot be decoded"
        raise unreadable(pointer, message) from error


def check_pixels(header: Header, max_pixels: int, pointer: str) -> None:
    """Refuse an image that claims more pixels than may be decoded.

    Raises:
        ImageTooLarge: it does.
    """
    if header.pixels > max_pixels:
        message = (
            f"is {header.width} x {header.height} pixels; the limit is {max_pixels} pixels "
            "in all: make it smaller"
        )
        raise ImageTooLarge("The image is too large.", FieldError(pointer, message))


def _pixels(image: Image.Image, height: int, width: int) -> NDArray[np.uint8]:
    turn = _orientation(image)
    size = (height, width) if turn in _LYING else (width, height)
    if image.format in ("JPEG", "MPO"):
        image.draft(None, (_SPARE * size[0], _SPARE * size[1]))
    image.load()
    small = _opaque(_eight_bits(image), size)
    if turn in _UPRIGHT:
        small = small.transpose(_UPRIGHT[turn])
    pixels = np.asarray(small, np.uint8)
    assert pixels.shape == (height, width, 3), "stretched to this size: this is a bug"
    return pixels


def _orientation(image: Image.Image) -> int:
    """Return EXIF's orientation; 1, upright, where there is none or it cannot be read."""
    with suppress(Exception):  # damaged metadata are no reason to refuse the picture
        return int(image.getexif().get(_ORIENTATION, 1))
    return 1


def _eight_bits(image: Image.Image) -> Image.Image:
    """Return an image of 16 bits a pixel as 8 bits of grey; others as they are.

    Pillow's own conversion cuts 16 bits off at 255: nearly every pixel would be white.
    """
    if not image.mode.startswith(("I", "F")):
        return image
    values = np.clip(np.asarray(image), 0, 65_535).astype(np.uint16)
    return Image.fromarray((values >> 8).astype(np.uint8))


def _opaque(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    """Return RGB of `size` (width, height), what is transparent laid on white."""
    if not image.has_transparency_data:
        return image.convert("RGB").resize(size, Image.Resampling.BICUBIC)
    # Pillow weighs colours by their alpha when it resizes, so that laying them on white may wait.
    small = image.convert("RGBA").resize(size, Image.Resampling.BICUBIC)
    white = Image.new("RGBA", size, "white")
    return Image.alpha_composite(white, small).convert("RGB")
