"""Text from tokens as they come: no character is split, and nothing that was said is unsaid."""

from __future__ import annotations

from collections.abc import Sequence

from app.text.tokenizer import Tokenizer

UNFINISHED = "\ufffd"  # what a decoder shows for bytes that are no whole character yet


class IncrementalText:
    """The text of a growing sequence of tokens, handed out piece by piece.

    Held back until it is sure: a character whose bytes have not all come, and spaces at the end,
    which the next token may do away with. With byte tokens `Caf`, `Ã`, `©`: "Caf", "", "é".
    """

    def __init__(self, tokenizer: Tokenizer) -> None:
        """Begin with nothing."""
        self._tokenizer = tokenizer
        self.text = ""  # what was handed out so far

    def push(self, tokens: Sequence[int]) -> str:
        """Return what is new and sure in the text of `tokens`, all from the first on."""
        sure = self._tokenizer.decode(tokens).rstrip(UNFINISHED).rstrip()
        return self._hand_out(sure)

    def finish(self, text: str) -> str:
        """Return what is left of the whole `text`."""
        return self._hand_out(text)

    def _hand_out(self, text: str) -> str:
        if not text.startswith(self.text):  # never take back: the result at the end is whole
            return ""
        new = text[len(self.text) :]
        self.text = text
        return new
