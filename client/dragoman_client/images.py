"""What may be given as an image: its bytes, the path of a file, or an open file."""

from __future__ import annotations

from collections.abc import Sequence
from os import PathLike
from pathlib import Path
from typing import Protocol, TypeAlias


class Readable(Protocol):
    """An open binary file."""

    def read(self) -> bytes:
        """All that is left of it."""
        ...


Image: TypeAlias = bytes | bytearray | memoryview | str | PathLike[str] | Readable


def is_one(images: Image | Sequence[Image]) -> bool:
    """Whether it is one image, not a list of them."""
    return not isinstance(images, list | tuple)


def contents(images: Image | Sequence[Image]) -> list[bytes]:
    """The bytes of each image; files are read to their end, once.

    Raises:
        OSError: a file cannot be read.
        TypeError: it is none of what may be given, or a file was opened as text.
    """
    if isinstance(images, list | tuple):
        return [_content(image) for image in images]
    return [_content(images)]


def _content(image: object) -> bytes:
    if isinstance(image, bytes | bytearray | memoryview):
        return bytes(image)
    if isinstance(image, str | PathLike):
        return Path(image).read_bytes()
    read = getattr(image, "read", None)
    found = read() if callable(read) else None
    if not isinstance(found, bytes):
        raise TypeError("an image is bytes, a path, or a file opened in binary mode")
    return found
