"""The memory of a process that trains, which glibc decides as the process starts."""

from __future__ import annotations

import os
import sys

_TUNABLES = "GLIBC_TUNABLES"
_VALUES = (
    "glibc.malloc.hugetlb=1",  # pages of 2 MB, where the system lends them
    "glibc.malloc.mmap_threshold=4294967296",
    "glibc.malloc.trim_threshold=8589934592",  # what is freed is kept for the next step
)


def use_large_pages() -> None:
    """Start this process anew with its heap in large pages that are kept.

    Every step takes some hundred MB of memory and frees it. A product with a vocabulary wrote into
    fresh small pages for longer than it multiplied. Nothing is done where `GLIBC_TUNABLES` is set
    already; other C libraries than glibc do not look at it.
    """
    if sys.platform.startswith("linux") and _TUNABLES not in os.environ:
        command = [sys.executable, *sys.orig_argv[1:]]
        environment = {**os.environ, _TUNABLES: ":".join(_VALUES)}
        os.execve(sys.executable, command, environment)  # noqa: S606
