"""Tokens as people read them, for alignments: bytes become characters again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from app.artifacts.manifest import Manifest
from app.text.tokenizer import JOINED
from app.text.words import count_words

SPACE = "▁"
"""What a vocabulary of words writes for the space before a word."""


@dataclass(frozen=True)
class Piece:
    """A readable piece of text that `tokens` tokens in a row spell."""

    text: str
    tokens: int


@cache
def _bytes_of_characters() -> dict[str, int]:
    """Return the byte that each character of a byte-level vocabulary stands for (GPT-2's table)."""
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    hidden = [byte for byte in range(256) if byte not in printable]
    table = {chr(byte): byte for byte in printable}
    table.update({chr(256 + place): byte for place, byte in enumerate(hidden)})
    return table


def readable(pieces: Sequence[str]) -> list[Piece]:
    """Return byte-level vocabulary entries as text; those that share a character become one piece.

    A space belongs to the piece that it begins, so the pieces of a text spell the text.

    >>> [piece.text for piece in readable(["ĠCaf", "Ã", "©", "</s>"])]
    [' Caf', 'é', '</s>']
    """
    return list(_merge(pieces))


def spell(entries: Sequence[str], manifest: Manifest) -> list[Piece]:
    """Return vocabulary entries as people read them, whatever the tokenizer of `manifest` is."""
    kind = None if manifest.text is None else manifest.text.tokenizer
    if kind == "subword":
        return _together(readable(entries))
    texts = _spaced(entries) if kind == "word" else entries
    return [Piece(text, 1) for text in texts]


def _together(pieces: Sequence[Piece]) -> list[Piece]:
    """Return the pieces without word joiners, and without the space after one.

    Of `[" l'\u2060", " eau"]` are made `[" l'", "eau"]`.
    """
    before, joined = "", []
    for piece in pieces:
        shown = piece.text.removeprefix(" ") if before.endswith(JOINED) else piece.text
        joined.append(Piece(shown.replace(JOINED, ""), piece.tokens))
        before = piece.text
    return joined


def _spaced(entries: Sequence[str]) -> list[str]:
    """Return the entries of a vocabulary of words with the space that is before each.

    `▁a`, `▁man`, `'`, `s` keep it themselves; where none does, one stands between any two.
    """
    if any(SPACE in entry for entry in entries):
        return [entry.replace(SPACE, " ") for entry in entries]
    return [f" {entry}" for entry in entries]


def spell_words(entries: Sequence[str], manifest: Manifest) -> list[Piece]:
    """Return what `spell` does, with the pieces of one word as one.

    A word is what `app.text.words` counts: of `[" a", " sur", "fer", "."]` two pieces are made,
    `" a"` and `" surfer."`.
    """
    joined: list[Piece] = []
    for piece in spell(entries, manifest):
        before = joined[-1] if joined else None
        if before is not None and _goes_on(before.text, piece.text):
            joined[-1] = Piece(before.text + piece.text, before.tokens + piece.tokens)
        else:
            joined.append(piece)
    return joined


def _goes_on(before: str, text: str) -> bool:
    """Return whether `text` belongs to the word that `before` is, or to the space it is."""
    if not before.strip():
        return True
    return not text[:1].isspace() and count_words(before + text) <= max(1, count_words(before))


def _merge(pieces: Sequence[str]) -> Iterator[Piece]:
    table = _bytes_of_characters()
    waiting, tokens = b"", 0
    for piece in pieces:
        control = piece.startswith("<") and piece.endswith(">") and len(piece) > 2
        spelled = None if control else [table.get(character) for character in piece]
        if spelled is None or None in spelled:
            if tokens:
                yield Piece(waiting.decode("utf-8", "replace"), tokens)
            yield Piece(piece, 1)
            waiting, tokens = b"", 0
            continue
        waiting += bytes(byte for byte in spelled if byte is not None)
        tokens += 1
        if not _is_open(waiting):
            yield Piece(waiting.decode("utf-8", "replace"), tokens)
            waiting, tokens = b"", 0
    if tokens:
        yield Piece(waiting.decode("utf-8", "replace"), tokens)


def _is_open(data: bytes) -> bool:
    """Return whether `data` ends inside a character that more bytes could complete."""
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        return error.reason == "unexpected end of data"
    return False


def merge_weights(
    weights: NDArray[np.float32], targets: Sequence[Piece], sources: Sequence[Piece]
) -> NDArray[np.float32]:
    """Return attention over pieces from attention over tokens.

    Columns of a source piece add up; rows of a target piece are averaged: a row keeps its sum.

    Args:
        weights: float32 [target tokens, source tokens].
        targets: pieces of the target; their `tokens` add up to the rows.
        sources: pieces of the source; their `tokens` add up to the columns.

    Returns:
        float32 [len(targets), len(sources)].
    """
    if not targets or not sources:
        return np.zeros((len(targets), len(sources)), np.float32)
    rows = np.cumsum([0, *(piece.tokens for piece in targets[:-1])])
    columns = np.cumsum([0, *(piece.tokens for piece in sources[:-1])])
    summed = np.add.reduceat(np.add.reduceat(weights, rows, axis=0), columns, axis=1)
    counts = np.array([piece.tokens for piece in targets], np.float32)
    return np.asarray(summed / counts[:, None], np.float32)
