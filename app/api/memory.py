"""Memory that loading took and left behind."""

from __future__ import annotations

import contextlib
import ctypes


def give_back_memory() -> None:
    """Give what is freed but kept for later back to the system, where the C library is glibc."""
    with contextlib.suppress(AttributeError, OSError, TypeError):
        ctypes.CDLL(None).malloc_trim(0)
