"""A loaded tokenizer: text to ids and back, with no way for text to become a control token."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Self

from tokenizers import Tokenizer as Backend

PAD, BOS, EOS, UNK = 0, 1, 2, 3
SPECIAL_TOKENS = ("<pad>", "<s>", "</s>", "<unk>")
# A vocabulary of whole words may know `</s>` as a word: typed by a user, it is an unknown one.
_CONTROL = frozenset((PAD, BOS, EOS))


class Tokenizer:
    """A Hugging Face `tokenizers` file behind the four calls that training and serving share.

    Ids 0 to 3 are padding, start, end and unknown in every Dragoman vocabulary. The literal text
    `</s>` encodes to ordinary characters, never to id 2.
    """

    def __init__(self, backend: Backend) -> None:
        """Wrap `backend`; its JSON does not keep `encode_special_tokens`, so it is set here."""
        backend.encode_special_tokens = True
        backend.no_padding()
        backend.no_truncation()
        self._backend = backend

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read a `tokenizers` JSON file.

        Raises:
            OSError: the file cannot be read.
            ValueError: the file is not a `tokenizers` file.
        """
        text = path.read_text(encoding="utf-8")
        try:
            return cls(Backend.from_str(text))
        except Exception as error:  # the Rust side raises a bare Exception
            raise ValueError(f"{path.name} is not a tokenizers file: {error}") from error

    @property
    def vocabulary_size(self) -> int:
        """How many ids there are, control tokens included."""
        return int(self._backend.get_vocab_size())

    def encode(self, text: str) -> list[int]:
        """Return the ids of `text`, without start or end tokens."""
        return self.encode_batch([text])[0]

    def encode_batch(self, texts: Sequence[str]) -> list[list[int]]:
        """Return the ids of each text; faster than a loop over `encode`."""
        encodings = self._backend.encode_batch_fast(list(texts), add_special_tokens=False)
        return [[UNK if id_ in _CONTROL else id_ for id_ in e.ids] for e in encodings]

    def decode(self, ids: Sequence[int]) -> str:
        """Return the text of `ids`; control tokens are left out and the ends are trimmed."""
        return str(self._backend.decode(list(ids), skip_special_tokens=True)).strip()

    def pieces(self, ids: Sequence[int]) -> list[str]:
        """Return the vocabulary entry of each id, as alignments show them."""
        return [self._backend.id_to_token(int(i)) or "" for i in ids]
