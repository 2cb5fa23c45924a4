"""What every answer is made of, whatever was asked."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

FinishReason = Literal["stop", "length"]
Series = tuple[float, ...] | tuple[tuple[float, ...], ...]
"""A series of numbers, or of tuples of them where a step has several."""


@dataclass(frozen=True)
class ModelVersion:
    """Which model answered."""

    name: str
    version: int


@dataclass(frozen=True)
class Usage:
    """Tokens that one request read and wrote, all its items together; of images, how many."""

    source_tokens: int
    target_tokens: int
    images: int = 0


@dataclass(frozen=True)
class Alternative:
    """A further hypothesis; `score` is comparable within one item only."""

    text: str
    score: float
    finish_reason: FinishReason


@dataclass(frozen=True)
class Piece:
    """More of the output for the item at place `index`; `str()` of it is its text.

    Of a series it has `values` and no text: numbers, or tuples of them where a step has several.
    """

    index: int
    text: str
    values: Series = ()

    def __str__(self) -> str:
        """The text alone."""
        return self.text


@dataclass(frozen=True)
class Output:
    """What a model made of one item; `str()` of it is its text.

    `finish_reason` is `stop`, or `length` where a limit cut the text off. `usage` counts the whole
    request, which may have held other items. `seed` is what samples were drawn by.
    """

    text: str
    score: float
    finish_reason: FinishReason
    model: ModelVersion
    usage: Usage
    request_id: str
    alternatives: tuple[Alternative, ...] = ()
    seed: int | None = field(default=None, kw_only=True)

    def __str__(self) -> str:
        """The text alone."""
        return self.text
