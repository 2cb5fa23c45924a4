"""Vocabularies are trained as large as asked, with the control tokens first."""

from __future__ import annotations

import pytest

from app.text.tokenizer import SPECIAL_TOKENS, UNK, Tokenizer
from scripts.training.data import make_tokenizer
from scripts.training.pairs import Pair
from scripts.training.tokenizer import TRAINERS
from tests.fakes.tiny import tiny_recipe

CORPUS = ["the cat sat on the mat", "the dog sat on the log", "a cat and a dog, 2013"] * 10


@pytest.mark.parametrize(
    ("kind", "size"), [("subword", 280), ("elided", 280), ("word", 10), ("char", 12)]
)
def test_a_vocabulary_has_the_size_asked_for(kind: str, size: int) -> None:
    tokenizer = Tokenizer(TRAINERS[kind](CORPUS, size))
    assert tokenizer.vocabulary_size == size
    assert tokenizer.pieces(range(4)) == list(SPECIAL_TOKENS)


@pytest.mark.parametrize("kind", sorted(TRAINERS))
def test_training_twice_gives_the_same_vocabulary(kind: str) -> None:
    first, second = (TRAINERS[kind](CORPUS, 300).to_str() for _ in range(2))
    assert first == second


def test_the_most_frequent_words_are_kept() -> None:
    tokenizer = Tokenizer(TRAINERS["word"](CORPUS, 8))
    assert UNK not in tokenizer.encode("the cat")
    assert tokenizer.encode("mat") == [UNK]


def test_dates_numbers_and_names_become_one_tag_each() -> None:
    tokenizer = Tokenizer(TRAINERS["tagged"](["2024年3月5日空客A320交付600架 涨9.5%"] * 2, 100))
    ids = tokenizer.encode("3月6日空客Boeing交付12架")
    assert tokenizer.pieces(ids) == [
        *["⟨date⟩", "空", "客", "⟨name⟩", "交", "付", "⟨number⟩", "架"]
    ]
    assert tokenizer.decode(ids) == "⟨date⟩空客⟨name⟩交付⟨number⟩架"


def test_a_word_of_devanagari_is_one_piece_with_its_vowel_signs() -> None:
    backend = TRAINERS["subword"](["हिंदी 42 बोलतो."] * 2, 400)
    tokens = backend.encode("हिंदी 42 बोलतो.")
    pieces = [backend.decode([token]) for token in tokens.ids]
    assert pieces == [" हिंदी", " 4", "2", " बोलतो", "."]


@pytest.mark.parametrize("kind", ["subword", "elided", "word", "char"])
def test_a_vocabulary_without_capitals_reads_and_writes_none(kind: str) -> None:
    recipe = tiny_recipe(tokenizer={"kind": kind, "vocabulary": 300, "lowercase": True})
    backend = make_tokenizer(recipe, [Pair("Ein Hund.", "A DOG")])
    tokenizer = Tokenizer(backend)
    assert tokenizer.decode(tokenizer.encode("EIN dog.")) == "ein dog."
