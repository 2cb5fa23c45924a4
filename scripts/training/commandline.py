"""What every command line has in common."""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager

from pydantic import ValidationError

from app.errors import DragomanError


class Refusal(ValueError):
    """What the user can mend; the message says how."""


@contextmanager
def plain_errors() -> Iterator[None]:
    """End the program with the message, and no traceback, where the user can mend what is wrong."""
    try:
        yield
    except (Refusal, DragomanError, OSError, tomllib.TOMLDecodeError, ValidationError) as error:
        sys.exit(f"{sys.argv[0]}: {error}")
