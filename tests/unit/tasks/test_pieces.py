from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer as Backend
from tokenizers import models, pre_tokenizers

from app.artifacts.manifest import Manifest, TextProcessing
from app.tasks.pieces import Piece, merge_weights, readable, spell, spell_words
from app.text.tokenizer import Tokenizer
from scripts.training.tokenizer import TRAINERS
from tests.fakes.models import manifest


def byte_pieces(text: str) -> list[str]:
    """Every byte of `text` as its own byte-level entry, as `tokenizers` writes them."""
    alphabet = {c: i for i, c in enumerate(sorted(pre_tokenizers.ByteLevel.alphabet()))}
    backend = Backend(models.BPE(alphabet, []))
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    return list(backend.encode(text).tokens)


def test_bytes_of_one_character_become_one_piece() -> None:
    assert readable(["ĠCaf", "Ã", "©", "Ġnoir", "</s>"]) == [
        Piece(" Caf", 1),
        Piece("é", 2),
        Piece(" noir", 1),
        Piece("</s>", 1),
    ]


def test_broken_bytes_are_shown_as_such() -> None:
    assert readable(["Ã", "</s>", "©", "Ã"]) == [
        Piece("�", 1),
        Piece("</s>", 1),
        Piece("�", 1),
        Piece("�", 1),
    ]


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=20))
def test_pieces_spell_the_text_and_count_every_token(text: str) -> None:
    entries = byte_pieces(text)
    pieces = readable(entries)
    assert "".join(piece.text for piece in pieces) == text
    assert sum(piece.tokens for piece in pieces) == len(entries)
    assert len(pieces) == len(text)


def test_merged_weights_add_columns_and_average_rows() -> None:
    weights = np.array([[0.5, 0.25, 0.25], [0.0, 0.5, 0.5], [1.0, 0.0, 0.0]], np.float32)
    targets, sources = [Piece("a", 2), Piece("b", 1)], [Piece("c", 1), Piece("d", 2)]
    assert merge_weights(weights, targets, sources).tolist() == [[0.25, 0.75], [1.0, 0.0]]


def test_an_empty_translation_has_no_weights() -> None:
    empty = merge_weights(np.zeros((0, 2), np.float32), [], [Piece("a", 2)])
    assert empty.shape == (0, 1)


SUBWORD, WORD, CHAR = (
    manifest(
        text=TextProcessing(tokenizer=kind, source_file="source.json", target_file="target.json")  # type: ignore[arg-type]
    )
    for kind in ("subword", "word", "char")
)


@pytest.mark.parametrize(
    ("about", "entries", "expected"),
    [
        (SUBWORD, ["Ġa", "Ġsur", "fer", ".", "Ġruns"], [(" a", 1), (" surfer.", 3), (" runs", 1)]),
        (SUBWORD, ["man", "'", "s", "Ġhat"], [("man's", 3), (" hat", 1)]),
        (SUBWORD, ["Ġ", "cat"], [(" cat", 2)]),
        (SUBWORD, ["Ġl'âģł", "Ġhomme", "Ġd'âģł", "Ġ", "est"], [(" l'homme", 2), (" d'est", 3)]),
        (WORD, ["▁a", "▁dog", "."], [(" a", 1), (" dog.", 2)]),
        (WORD, ["▁a", "▁man", "'", "s", "▁hat"], [(" a", 1), (" man's", 3), (" hat", 1)]),
        (WORD, ["▁say", "▁", '"', "hi", '"'], [(" say", 1), (' "hi"', 4)]),
        (WORD, ["a", "dog", "."], [(" a", 1), (" dog", 1), (" .", 1)]),
        (CHAR, ["a", " ", "c", "at"], [("a", 1), (" cat", 3)]),
        (CHAR, ["空", "客", "A", "3"], [("空", 1), ("客", 1), ("A3", 2)]),
        (SUBWORD, [], []),
    ],
)
def test_the_pieces_of_a_word_are_one(
    about: Manifest, entries: list[str], expected: list[tuple[str, int]]
) -> None:
    assert [(piece.text, piece.tokens) for piece in spell_words(entries, about)] == expected


@pytest.mark.parametrize(
    ("kind", "text", "expected"),
    [
        ("word", "a man's dog.", [" a", " man", "'", "s", " dog", "."]),
        ("plain", "a man's dog.", [" a", " man", " 's", " dog", " ."]),
        ("char", "a dog.", ["a", " ", "d", "o", "g", "."]),
        ("subword", "a man's dog.", [" a", " man", "'s", " dog", "."]),
        ("elided", "a man's l'eau.", [" a", " man", "'s", " l'", "eau", "."]),
    ],
)
def test_pieces_spell_what_each_trained_vocabulary_decodes_to(
    kind: str, text: str, expected: list[str]
) -> None:
    tokenizer = Tokenizer(TRAINERS[kind]([text] * 4, 300))
    about = {"subword": SUBWORD, "elided": SUBWORD, "char": CHAR}.get(kind, WORD)
    ids = tokenizer.encode(text)
    spelt = [piece.text for piece in spell(tokenizer.pieces(ids), about)]
    assert spelt == expected
    assert "".join(spelt).strip() == tokenizer.decode(ids)
