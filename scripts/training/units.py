"""What a text is counted in: words, or characters where a language writes no spaces."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

_WORD = re.compile(r"\w+")
_CHARACTER = re.compile(r"\S")


def units(text: str, spaceless: bool) -> list[str]:
    """Return the case-folded words of `text`, or its characters without spaces.

    >>> units("EU plans A-320", False), units("空客A 320", True)
    (['eu', 'plans', 'a', '320'], ['空', '客', 'a', '3', '2', '0'])
    """
    return (_CHARACTER if spaceless else _WORD).findall(text.casefold())


def lead(text: str, count: int, spaceless: bool) -> str:
    """Return the first `count` words of `text` (split at spaces), or characters."""
    return text[:count] if spaceless else " ".join(text.split()[:count])


def share_within(wanted: Sequence[str], there: Collection[str]) -> float:
    """Return the share of `wanted` that is in `there`, repetitions counted; 1 of nothing."""
    known = frozenset(there)
    return sum(one in known for one in wanted) / len(wanted) if wanted else 1.0
