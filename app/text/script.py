"""In which of some languages a text may be written, told by its script alone.

A script is the first word of a letter's Unicode name (`LATIN SMALL LETTER A`), so that Python's own
copy of the Unicode character database is all the data that this needs.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Collection

from app.text.words import words

LOOKED_AT = 400
"""Words at the beginning of a text that its script is told by."""
LEAST_SHARE = 0.5
"""Of the words, below which a text is not in a language."""

_HAN, _KANA = "CJK", ("HIRAGANA", "KATAKANA")
# Languages that are not written in Latin letters, or not only. All others are.
_SCRIPTS: dict[str, tuple[str, ...]] = {
    "am": ("ETHIOPIC",),
    "ar": ("ARABIC",),
    "be": ("CYRILLIC",),
    "bg": ("CYRILLIC",),
    "bn": ("BENGALI",),
    "el": ("GREEK",),
    "fa": ("ARABIC",),
    "gu": ("GUJARATI",),
    "he": ("HEBREW",),
    "hi": ("DEVANAGARI",),
    "hy": ("ARMENIAN",),
    "ja": (_HAN, *_KANA),
    "ka": ("GEORGIAN",),
    "kk": ("CYRILLIC",),
    "km": ("KHMER",),
    "kn": ("KANNADA",),
    "ko": ("HANGUL",),
    "lo": ("LAO",),
    "mk": ("CYRILLIC",),
    "ml": ("MALAYALAM",),
    "mn": ("CYRILLIC",),
    "mr": ("DEVANAGARI",),
    "my": ("MYANMAR",),
    "ne": ("DEVANAGARI",),
    "pa": ("GURMUKHI",),
    "ru": ("CYRILLIC",),
    "si": ("SINHALA",),
    "sr": ("CYRILLIC", "LATIN"),
    "ta": ("TAMIL",),
    "te": ("TELUGU",),
    "th": ("THAI",),
    "uk": ("CYRILLIC",),
    "ur": ("ARABIC",),
    "yi": ("HEBREW",),
    "yue": (_HAN,),
    "zh": (_HAN,),
}
_SPACELESS = frozenset({_HAN, *_KANA, "KHMER", "LAO", "MYANMAR", "THAI"})


def spaceless(language: str) -> bool:
    """Return whether `language`, a BCP 47 tag, is written without spaces between words."""
    return _SPACELESS.issuperset(_scripts(language))


def fitting(text: str, languages: Collection[str]) -> list[str]:
    """Return those of `languages` that `text` may be written in; all of them if it has no letters.

    The language whose scripts most of its words are in, at least half of them; among equals the one
    with the fewest scripts: Han characters without any kana are Chinese, not Japanese. Languages
    that share a script cannot be told apart: then there are several.

    >>> fitting("东京电力公司17日说", ["en", "ja", "zh"]), fitting("Bonjour", ["en", "fr", "zh"])
    (['zh'], ['en', 'fr'])
    """
    found = Counter(script for word in words(text, LOOKED_AT) if (script := _script(word)))
    total = found.total()
    if not total:
        return list(languages)
    # The (share, -number of scripts) of each language: the greatest fits best.
    fits = {
        language: (sum(found[one] for one in scripts) / total, -len(scripts))
        for language in languages
        for scripts in [_scripts(language)]
    }
    best = max(fits.values(), default=(0.0, 0))
    if best[0] < LEAST_SHARE:
        return []
    return [language for language, fit in fits.items() if fit == best]


def _scripts(language: str) -> tuple[str, ...]:
    return _SCRIPTS.get(language.split("-")[0].lower(), ("LATIN",))


def _script(word: str) -> str | None:
    """Return the script of a word's first letter; None where it has none."""
    letter = next((character for character in word if character.isalpha()), None)
    if letter is None:
        return None
    parts = unicodedata.name(letter, "UNNAMED").split()
    return parts[1] if parts[0] in ("FULLWIDTH", "HALFWIDTH") and len(parts) > 1 else parts[0]
