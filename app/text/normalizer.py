"""The one text normaliser: training data, requests and references all pass through it.

Typography is folded to what a keyboard types, so that a model spends no capacity on it: no-break
and thin spaces become plain ones, curly quotes straight ones, an ellipsis three dots.
Zero-width joiners and non-joiners stay where they make a difference: after a virama, between Arabic
letters, between emoji. What Devanagari writes in two ways is written in one.
"""

from __future__ import annotations

import re
import unicodedata

_INVISIBLE = "\u00ad\u200b\u2060\ufeff"  # soft hyphen, zero-width space, word joiner, BOM
_FOLD = str.maketrans(
    {
        "\u2018": "'",
        "\u2019": "'",
        "\u201a": "'",
        "\u201b": "'",
        "\u201c": '"',
        "\u201d": '"',
        "\u201e": '"',
        "\u201f": '"',
        "\u2026": "...",
        "\u2010": "-",
        "\u2011": "-",
        **dict.fromkeys(_INVISIBLE),
    }
)
_DEVANAGARI = (
    ("\u0905\u0945", "\u0972"),  # a with the sign candra e: the letter candra a
    ("\u0930\u094d\u200d", "\u0931\u094d"),  # the half form of ra: eyelash ra
    ("\u0931\u094d\u200d", "\u0931\u094d"),
)
_JOINERS = re.compile("[\u200c\u200d]+")
_NON_JOINER, _JOINER, _EMOJI_STYLE = "\u200c", "\u200d", "\ufe0f"
_VIRAMA = 9  # canonical combining class
_SPACE = re.compile(r"\s+")
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f]")
VANISHING = frozenset(
    (*_INVISIBLE, _NON_JOINER, _JOINER, *filter(_CONTROL.match, map(chr, range(160))))
)
"""Characters that may be taken away, so that those before and after them meet."""


def normalize(text: str) -> str:
    r"""Return `text` in NFC with plain spaces and straight quotes, trimmed.

    Idempotent: `normalize(normalize(t)) == normalize(t)`.

    >>> normalize(" C\u2019est\u00a0bien\u202f! ")
    "C'est bien !"
    """
    plain = unicodedata.normalize("NFC", _CONTROL.sub("", text.translate(_FOLD)))
    if not plain.isascii():
        plain = unicodedata.normalize("NFC", _JOINERS.sub(_joiner, plain))
        for written, letters in _DEVANAGARI:
            plain = plain.replace(written, letters)
    return _SPACE.sub(" ", plain).strip()


def _joiner(found: re.Match[str]) -> str:
    """Return the first of a run of joiners if it matters there (RFC 5892, A.1 and A.2)."""
    text, (start, end) = found.string, found.span()
    before, after = text[start - 1 : start], text[end : end + 1]
    if not before.strip() or not after.strip():  # at the edge of a word it joins nothing
        return ""
    virama = unicodedata.combining(before) == _VIRAMA
    if found[0][0] == _NON_JOINER:
        arabic = {unicodedata.bidirectional(before), unicodedata.bidirectional(after)} == {"AL"}
        return _NON_JOINER if virama or arabic else ""
    symbols = unicodedata.category(after) == "So"
    emoji = symbols and (before == _EMOJI_STYLE or unicodedata.category(before) in ("So", "Sk"))
    return _JOINER if virama or emoji else ""
