"""One pair that a rule has made."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Example:
    """A source, what the rule makes of it, and what it must not share with another split.

    Examples of one `key` are trained on or measured, never both. `length` is what was asked for.
    """

    source: str
    target: str
    key: str
    length: int = 0
