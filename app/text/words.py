"""Words: what is between spaces, or a character in the scripts that write no spaces.

A mark that stands alone (`-`, `,`) is no word, and words of both kinds may mix, as `字数` in a word
processor has it: `空客A320交付` has five.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import islice

from app.text.incremental import UNFINISHED
from app.text.tokenizer import Tokenizer

TAIL = 8  # tokens of an output that are looked at to see where its last word stands

# Thai, Lao, Tibetan, Burmese, Khmer; Japanese kana, bopomofo, Han characters.
_SPACELESS = (
    "\u0e00-\u0eff\u0f00-\u0fff\u1000-\u109f\u1780-\u17ff"
    "\u3005-\u3007\u3040-\u312f\u31a0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff66-\uff9f"
    "\U00020000-\U0003ffff"
)
_WIDE_MARKS = (
    "\u3000-\u3004\u3008-\u303f\ufe30-\ufe4f\uff01-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff65"
)
# A letter of a spaceless script; or a letter or digit, and all that follows it up to a space.
_WORD = re.compile(rf"(?=[^\W_])[{_SPACELESS}]|[^\W_][^\s{_SPACELESS}{_WIDE_MARKS}]*")


def words(text: str, most: int | None = None) -> list[str]:
    """Return the words of `text`, or the first `most` of them.

    >>> words("Mother-in-law, 3 U.S. cats - gone"), words("空客A320，交付")
    (['Mother-in-law,', '3', 'U.S.', 'cats', 'gone'], ['空', '客', 'A320', '交', '付'])
    """
    return [match[0] for match in islice(_WORD.finditer(text), most)]


def count_words(text: str) -> int:
    """Return how many words `text` has."""
    return sum(1 for _ in _WORD.finditer(text))


class TokenWords:
    """The words that ids of one tokenizer spell; satisfies `app.search.rules.Words`."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        """Read ids as `tokenizer` does."""
        self._tokenizer = tokenizer

    def count(self, tokens: Sequence[int]) -> int:
        """Return how many words the text of `tokens` has."""
        return count_words(self._tokenizer.decode(tokens))

    def begins(self, tokens: Sequence[int], candidates: Sequence[int]) -> list[bool]:
        """Return for each of `candidates` whether it would begin another word after `tokens`.

        A character whose bytes have not all come counts as one, unless it stands in a word that
        goes on: `caf` and the first byte of `é`.
        """
        tail = list(tokens[-TAIL:])
        before = self.count(tail)
        texts = self._tokenizer.decode_batch([[*tail, candidate] for candidate in candidates])
        return [count_words(text) > before or _opens(text) for text in texts]


def _opens(text: str) -> bool:
    """Return whether `text` ends with part of a character, outside of any spaced word."""
    whole = text.rstrip(UNFINISHED)
    if len(whole) == len(text):
        return False
    last = words(whole[-1:])
    return not last or re.match(f"[{_SPACELESS}]", last[0]) is not None
