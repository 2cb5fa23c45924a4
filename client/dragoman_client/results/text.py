"""What comes of a text: a translation, or a summary."""

from __future__ import annotations

from dataclasses import dataclass, field

from dragoman_client.results.output import Output


@dataclass(frozen=True)
class Alignment:
    """Which source tokens each target token looked at.

    `weights[t][s]` in 0..1 is the attention of target token t to source token s; a row sums to 1.
    """

    source_tokens: tuple[str, ...]
    target_tokens: tuple[str, ...]
    weights: tuple[tuple[float, ...], ...]


@dataclass(frozen=True)
class TextOutput(Output):
    """What a model made of one text."""

    alignment: Alignment | None = field(default=None, kw_only=True)


@dataclass(frozen=True)
class Translation(TextOutput):
    """One translated item."""


@dataclass(frozen=True)
class Read:
    """How much of a text the model read, always its beginning; end tokens are not counted."""

    tokens: int
    of_tokens: int
    characters: int
    of_characters: int

    @property
    def whole(self) -> bool:
        """Whether nothing of the text was left unread."""
        return self.tokens == self.of_tokens


@dataclass(frozen=True)
class Summary(TextOutput):
    """One summarized item, the language of its text, and how much of the text was read.

    `words` counts as `max_words` does: a character is a word where a script writes no spaces.
    """

    words: int = field(kw_only=True)
    language: str = field(kw_only=True)
    read: Read = field(kw_only=True)
