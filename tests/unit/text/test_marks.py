"""Marks are counted as the normaliser would have them meet."""

from __future__ import annotations

import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.text.marks import MOST_MARKS, piles_up
from app.text.normalizer import VANISHING, normalize

ACUTE, BELOW, VIRAMA, JOINER = "\u0301", "\u0316", "\u094d", "\u200d"
TIBETAN = "\u0f73"  # no mark by its class, but written as two


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", False),
        ("a" * 99, False),
        ("\u00e9" * 99, False),
        ("a" + ACUTE * 30, False),
        ("a" + ACUTE * 31, True),
        (ACUTE * 31, True),
        ("a" * 99 + ACUTE * 31 + "b" * 99, True),
        ("a" + (ACUTE * 30 + "b") * 9, False),
        ("a" + (ACUTE + BELOW) * 16, True),
        ("a" + (ACUTE + JOINER) * 31, True),
        ("a" + (ACUTE + "\u00ad\u200b\ufeff\x00\x9f") * 31, True),
        ("a" + (ACUTE + "\u00ad\u200b\ufeff\x00\x9f") * 30, False),
        ("a" + JOINER * 99, False),
        ("\u0f40" + TIBETAN * 31, True),
        ("\u0915" + (VIRAMA + "\u0915") * 99, False),
        ("\U0001f469" + "\U00020000" * 99, False),
    ],
)
def test_marks_are_counted_from_letter_to_letter(text: str, expected: bool) -> None:
    assert piles_up(text) is expected


def test_no_mark_is_forgotten() -> None:
    marks, others = [], []
    for character in map(chr, range(sys.maxunicode + 1)):
        first = unicodedata.normalize("NFD", character)[0]
        (marks if unicodedata.combining(first) else others).append(character)
    assert [mark for mark in marks if not piles_up("a" + 31 * mark)] == []
    assert not piles_up("".join(others))


def test_whatever_the_normaliser_takes_away_is_known_to_vanish() -> None:
    gone = {c for c in map(chr, range(sys.maxunicode + 1)) if normalize(f"a{c}b") == "ab"}
    assert gone == VANISHING


@given(
    st.text(
        st.sampled_from(f"a {ACUTE}{BELOW}{VIRAMA}{JOINER}{TIBETAN}\u200c\u00ad\u0930"), min_size=40
    )
)
def test_what_does_not_pile_up_is_safe_for_streams_once_normalised(text: str) -> None:
    if piles_up(text):
        return
    run = 0
    for character in unicodedata.normalize("NFD", normalize(text)):
        run = run + 1 if unicodedata.combining(character) else 0
        assert run <= 2 * MOST_MARKS + 3
