"""How long a summary is to be, in words as `app.text.words` counts them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from app.artifacts.manifest import Manifest
from app.search.rules import WordLimits
from app.tasks.options import ResolvedOptions, out_of_range
from app.text.script import spaceless
from app.text.words import TokenWords

Preset = Literal["short", "medium", "long"]

_TOKENS_PER_WORD = {"subword": 1.5, "word": 1.0, "char": 6.0}
"""About how many tokens spell a word; in a spaceless language one, as a word is a character."""


@dataclass(frozen=True)
class Length:
    """What the client asked for: bounds in words, or a preset; None leaves it to the model."""

    min_words: int | None = None
    max_words: int | None = None
    preset: Preset | None = None

    @property
    def is_open(self) -> bool:
        """Whether nothing was asked for."""
        return self == Length()

    def check(self) -> None:
        """Check that it fits together.

        Raises:
            InvalidRequest: it does not.
        """
        least, most = self.min_words, self.max_words
        if self.preset is not None and (least, most) != (None, None):
            message = "must be left out where min_words or max_words is given"
            raise out_of_range("/options/length", message)
        if least is not None and most is not None and least > most:
            raise out_of_range("/options/min_words", f"is {least}; max_words is {most}")

    def limits(
        self, language: str, options: ResolvedOptions, words: TokenWords
    ) -> WordLimits | None:
        """Return the limits of a summary in `language`; None where there are none.

        Raises:
            InvalidRequest: its tokens leave no room for so many words, or what it must begin with
                has too many.
        """
        if self.is_open:
            return None
        least, most = self.min_words, self.max_words
        if self.preset is not None:
            least, most = preset_words(self.preset, language, options.manifest)
        room = options.most_tokens
        if least is not None and least > room:
            pointer = "/options/min_words" if self.preset is None else "/options/length"
            message = f"asks for {least} words; at most {room} tokens may come, one or more a word"
            raise out_of_range(pointer, message)
        begun = words.count(options.forced)
        if most is not None and begun > most:
            raise out_of_range("/options/prefix", f"has {begun} words; at most {most} may come")
        return WordLimits(words, least or 0, most)


def preset_words(
    preset: Preset, language: str, manifest: Manifest
) -> tuple[int | None, int | None]:
    """Return the least and the most words that `preset` stands for.

    Of the words that the model has room to write, `short` is up to a quarter, `medium` a quarter to
    a half, `long` a half or more: with `max_target` 40 and subwords, 26 words: 6, 6 to 13, 13.
    """
    assert manifest.text is not None, "a text model has tokenizers: this is a bug"
    per_word = 1.0 if spaceless(language) else _TOKENS_PER_WORD[manifest.text.tokenizer]
    room = manifest.limits.max_target / per_word
    quarter, half = max(1, int(room / 4)), max(1, int(room / 2))
    bounds: dict[Preset, tuple[int | None, int | None]] = {
        "short": (None, quarter),
        "medium": (quarter, half),
        "long": (half, None),
    }
    return bounds[preset]
