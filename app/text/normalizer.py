"""The one text normaliser: training data, requests and references all pass through it.

Typography is folded to what a keyboard types, so that a model spends no capacity on it: no-break
and thin spaces become plain ones, curly quotes straight ones, an ellipsis three dots.
Zero-width joiners stay: Devanagari needs them.
"""

from __future__ import annotations

import re
import unicodedata

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
        "\u00ad": None,  # soft hyphen
        "\u200b": None,  # zero-width space
        "\ufeff": None,  # byte-order mark
        "\u2010": "-",
        "\u2011": "-",
    }
)
_SPACE = re.compile(r"\s+")
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f]")


def normalize(text: str) -> str:
    r"""Return `text` in NFC with plain spaces and straight quotes, trimmed.

    Idempotent: `normalize(normalize(t)) == normalize(t)`.

    >>> normalize(" C\u2019est\u00a0bien\u202f! ")
    "C'est bien !"
    """
    folded = _CONTROL.sub("", text.translate(_FOLD))
    return _SPACE.sub(" ", unicodedata.normalize("NFC", folded)).strip()
