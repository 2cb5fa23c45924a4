"""A loaded tokenizer: text to ids and back, with no way for text to become a control token."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from tokenizers import Tokenizer as Backend

PAD, BOS, EOS, UNK = 0, 1, 2, 3
SPECIAL_TOKENS = ("<pad>", "<s>", "</s>", "<unk>")
JOINED = "\u2060"
"""A word joiner: where a vocabulary writes one, the space after it is not in the text (`l'eau`)."""
SHORT = 1_000
"""Characters up to which tokenizing is over sooner than other threads could have their turn."""


@dataclass(frozen=True)
class Beginning:
    """The first ids of a text, which spell its first `characters`; it has `of_tokens` in all."""

    ids: list[int]
    of_tokens: int
    characters: int


class Tokenizer:
    """A Hugging Face `tokenizers` file behind the calls that training and serving share.

    Ids 0 to 3 are padding, start, end and unknown in every Dragoman vocabulary; what else the file
    calls special, language tags say, are control tokens, too. The literal text `</s>` encodes to
    ordinary characters, never to id 2.
    """

    def __init__(self, backend: Backend) -> None:
        """Wrap `backend`; its JSON does not keep `encode_special_tokens`, so it is set here."""
        backend.encode_special_tokens = True
        backend.no_padding()
        backend.no_truncation()
        special = {i for i, token in backend.get_added_tokens_decoder().items() if token.special}
        # A vocabulary of whole words may know `</s>` as a word: typed, it is an unknown one.
        self._control = ({PAD, BOS, EOS} | special) - {UNK}
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

    def control_id(self, token: str) -> int:
        """Return the id of a control token, `</s>` say.

        Raises:
            ValueError: there is no such control token.
        """
        found = self._backend.token_to_id(token)
        if found not in self._control:
            raise ValueError(f"the vocabulary has no control token {token}")
        return int(found)

    def encode(self, text: str) -> list[int]:
        """Return the ids of `text`, without start or end tokens."""
        return self.encode_batch([text])[0]

    def encode_batch(self, texts: Sequence[str]) -> list[list[int]]:
        """Return the ids of each text; long ones in all let other threads run meanwhile."""
        if sum(map(len, texts)) <= SHORT:
            encodings = [self._backend.encode(text, add_special_tokens=False) for text in texts]
        else:
            encodings = self._backend.encode_batch_fast(list(texts), add_special_tokens=False)
        return [[UNK if id_ in self._control else id_ for id_ in e.ids] for e in encodings]

    def encode_beginnings(self, texts: Sequence[str], room: int) -> list[Beginning]:
        """Return the first `room` ids of each text, and how much of it they spell."""
        beginnings = []
        for encoding in self._backend.encode_batch(list(texts), add_special_tokens=False):
            ids = [UNK if id_ in self._control else id_ for id_ in encoding.ids[:room]]
            span = encoding.token_to_chars(len(ids) - 1) if ids else None
            characters = 0 if span is None else int(span[1])
            beginnings.append(Beginning(ids, len(encoding), characters))
        return beginnings

    def decode(self, ids: Sequence[int]) -> str:
        """Return the text of `ids`; control tokens are left out and the ends are trimmed."""
        return str(self._backend.decode(list(ids), skip_special_tokens=True)).strip()

    def decode_batch(self, sequences: Sequence[Sequence[int]]) -> list[str]:
        """Return the text of each of `sequences`, as `decode` does; faster than a loop over it."""
        lists = [list(ids) for ids in sequences]
        return [str(t).strip() for t in self._backend.decode_batch(lists, skip_special_tokens=True)]

    def pieces(self, ids: Sequence[int]) -> list[str]:
        """Return the vocabulary entry of each id, as alignments show them."""
        return [self._backend.id_to_token(int(i)) or "" for i in ids]
