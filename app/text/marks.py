"""Combining marks that pile up on one letter: bringing n of them into order takes n² steps."""

from __future__ import annotations

import unicodedata
from functools import cache

import numpy as np
from numpy.typing import NDArray

from app.text.normalizer import VANISHING

MOST_MARKS = 30
"""What the Stream-Safe Text Format allows (Unicode, UAX #15); no language needs half as many."""
_CODES = 0x20000
"""Beyond it no code point is a mark."""
_LETTER, _MARK, _NOTHING = 0, 1, 2


def piles_up(text: str) -> bool:
    r"""Return whether more than `MOST_MARKS` marks would meet once `text` is normalised.

    What the normaliser takes away does not part them.

    >>> piles_up("a" + 30 * "\u0301"), piles_up("a" + 31 * "\u0301")
    (False, True)
    """
    if len(text) <= MOST_MARKS or text.isascii():
        return False
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)  # [characters]
    kinds = _kinds()[np.minimum(codes, _CODES)]
    kinds = kinds[kinds != _NOTHING]
    letters = np.flatnonzero(kinds == _LETTER)
    # From letter to letter, the ends of the text taken for two: 1 where no mark is between.
    return bool(np.diff(letters, prepend=-1, append=len(kinds)).max() > MOST_MARKS + 1)


@cache
def _kinds() -> NDArray[np.uint8]:
    """Return what each code point is, uint8 [_CODES + 1]; the last stands for all beyond."""
    kinds = np.full(_CODES + 1, _LETTER, np.uint8)
    for code in range(_CODES):
        # Some that are no marks themselves are written as marks alone, U+0F73 say.
        first = unicodedata.normalize("NFD", chr(code))[0]
        kinds[code] = _MARK if unicodedata.combining(first) else _LETTER
    kinds[list(map(ord, VANISHING))] = _NOTHING
    return kinds
