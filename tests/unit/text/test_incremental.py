"""Text handed out piece by piece: whole characters, in order, nothing taken back, nothing lost."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.text.incremental import IncrementalText
from app.text.tokenizer import Tokenizer
from scripts.training.tokenizer import TRAINERS

CORPUS = ["Hello, world! How are you?", "It's 12 o'clock, 3.5 kg; déjà vu.", "a b c 1 2 3"] * 20
SUBWORDS = Tokenizer(TRAINERS["subword"](CORPUS, 300))
ELIDED = Tokenizer(TRAINERS["elided"](["l'eau d'été"] * 2, 300))
WORDS = Tokenizer(TRAINERS["word"](CORPUS, 60))


def handed_out(tokenizer: Tokenizer, ids: Sequence[int], turn: int = 1) -> list[str]:
    """The pieces of `ids`, of which `turn` come at a time."""
    text = IncrementalText(tokenizer)
    pieces = [text.push(ids[: end + turn]) for end in range(0, len(ids), turn)]
    return [*pieces, text.finish(tokenizer.decode(ids))]


def test_a_character_comes_whole_and_a_space_with_what_follows() -> None:
    ids = SUBWORDS.encode("é 漢 b")
    assert [piece for piece in handed_out(SUBWORDS, ids) if piece] == ["é", " 漢", " b"]


def test_an_elision_comes_without_the_space_that_is_not_there() -> None:
    pieces = handed_out(ELIDED, ELIDED.encode("l'eau d'été"))
    assert [piece for piece in pieces if piece] == ["l'", "eau", " d'", "été"]


@pytest.mark.parametrize("tokenizer", [SUBWORDS, ELIDED], ids=["subword", "elided"])
@given(st.text(st.characters(exclude_categories=["Cs", "Cc", "Zs", "Zl", "Zp"]), max_size=12))
def test_the_pieces_of_any_text_spell_it(tokenizer: Tokenizer, text: str) -> None:
    for turn in (1, 3):
        ids = tokenizer.encode(text)
        assert "".join(handed_out(tokenizer, ids, turn)) == tokenizer.decode(ids)


@pytest.mark.parametrize("tokenizer", [SUBWORDS, ELIDED], ids=["subword", "elided"])
@given(st.lists(st.integers(0), max_size=12))
def test_the_pieces_of_any_tokens_spell_their_text(tokenizer: Tokenizer, drawn: list[int]) -> None:
    ids = [one % tokenizer.vocabulary_size for one in drawn]
    whole = tokenizer.decode(ids)
    pieces = handed_out(tokenizer, ids)
    assert whole.startswith("".join(pieces))
    assert "".join(pieces) == whole or "\ufffd" in whole


def test_words_are_parted_by_spaces() -> None:
    ids = WORDS.encode("How are you ?")
    assert "".join(handed_out(WORDS, ids)) == WORDS.decode(ids)
