"""Words, counted as people count them: with spaces and without."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.text.tokenizer import Tokenizer
from app.text.words import TokenWords, count_words, words
from scripts.training.tokenizer import TRAINERS

CORPUS = ["Hello, world! How are you?", "It's 12 o'clock, 3.5 kg; déjà vu.", "空客A320交付"] * 20
KINDS = {kind: Tokenizer(TRAINERS[kind](CORPUS, 400)) for kind in ("subword", "word", "char")}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("- , … !", []),
        ("The U.S. isn't well-known.", ["The", "U.S.", "isn't", "well-known."]),
        ('"Yes", (he) said', ['Yes",', "he)", "said"]),
        ("空客A320，交付3架", ["空", "客", "A320", "交", "付", "3", "架"]),
        ("東京タワー", ["東", "京", "タ", "ワ", "ー"]),
        ("서울 날씨", ["서울", "날씨"]),
        ("ที่", ["ท"]),
        ("नमस्ते दुनिया", ["नमस्ते", "दुनिया"]),
    ],
)
def test_a_word_stands_between_spaces_or_is_a_character(text: str, expected: list[str]) -> None:
    assert words(text) == expected
    assert count_words(text) == len(expected)


def test_as_many_words_are_looked_for_as_are_asked_for() -> None:
    assert words("one two three " * 1000, 2) == ["one", "two"]


@pytest.mark.parametrize("kind", KINDS)
@given(text=st.text(st.sampled_from("ab. ,é空A"), max_size=16))
def test_tokens_that_begin_no_word_never_make_more(kind: str, text: str) -> None:
    tokenizer = KINDS[kind]
    counter, ids = TokenWords(tokenizer), tokenizer.encode(text)
    assert counter.count(ids) == count_words(tokenizer.decode(ids))
    for place, token in enumerate(ids):
        (begins,) = counter.begins(ids[:place], [token])
        assert begins or counter.count(ids[: place + 1]) <= counter.count(ids[:place])


def test_a_token_goes_on_with_a_word_or_begins_one() -> None:
    tokenizer = KINDS["char"]
    space, letter, digit, mark, han = (
        tokenizer.encode(one)[0] for one in (" ", "l", "3", ",", "空")
    )
    ids = tokenizer.encode("Hel")
    counter = TokenWords(tokenizer)
    asked = [letter, digit, mark, space, han]
    assert counter.begins(ids, asked) == [False, False, False, False, True]
    assert counter.begins([*ids, space], asked) == [True, True, False, False, True]


def test_the_first_byte_of_a_character_belongs_to_the_word_it_stands_in() -> None:
    tokenizer = Tokenizer(TRAINERS["subword"](["plain text"], 260))
    first, second = tokenizer.encode("é")[-2:]
    counter = TokenWords(tokenizer)
    word = tokenizer.encode("caf")
    assert counter.begins(word, [first]) == [False]
    assert counter.begins([*word, first], [second]) == [False]
    assert counter.begins(tokenizer.encode("caf !"), [first]) == [True]
