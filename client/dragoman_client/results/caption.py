"""What comes of an image."""

from __future__ import annotations

from dataclasses import dataclass, field

from dragoman_client.results.output import Output


@dataclass(frozen=True)
class Word:
    """One word of a caption, and where it looked; `str()` of it is its text.

    `weights[row][column]` in 0..1 is the share of its attention that a cell got; all sum to 1.
    """

    text: str
    weights: tuple[tuple[float, ...], ...]

    def __str__(self) -> str:
        """The text alone."""
        return self.text


@dataclass(frozen=True)
class Attention:
    """Where in an image the words of its caption looked: a grid of equal cells over all of it."""

    rows: int
    columns: int
    words: tuple[Word, ...]


@dataclass(frozen=True)
class Caption(Output):
    """What one image shows; `attention` is there if it was asked for."""

    attention: Attention | None = field(default=None, kw_only=True)
