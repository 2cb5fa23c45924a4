"""The normaliser folds typography to what a keyboard types and changes nothing else."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.text.normalizer import normalize

AWKWARD = st.text(
    st.sampled_from(
        "aé e\u0301 \u0327\u00a0\u202f\u2009\u3000\u2000\u2018\u2019\u201c\u201d\u2026\u200b\u200d"
        "\ufeff\u00ad\u2011\x00\x1f\x85\u2028\n\t\u212b\u1100\u1161\u11a8\u0958\u0915\u093c\u037e"
        "\u200c\u0905\u0945\u0930\u0931\u094d\u0972\u0627\u0654\u0628\ufe0f\U0001f469\U0001f3fb"
    )
)


@example("\u094d\u200c ")
@given(st.text() | AWKWARD)
def test_normalizing_twice_changes_nothing(text: str) -> None:
    once = normalize(text)
    assert normalize(once) == once


@given(st.text() | AWKWARD)
def test_the_result_is_composed_trimmed_and_single_spaced(text: str) -> None:
    result = normalize(text)
    assert unicodedata.is_normalized("NFC", result)
    assert result == " ".join(result.split())


@given(st.text(st.characters(min_codepoint=33, max_codepoint=126)))
def test_printable_ascii_is_kept(text: str) -> None:
    assert normalize(text) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("C\u2019est\u00a0bien\u202f!", "C'est bien !"),
        ("a\u2009b\u3000c\u2028d\te\nf\x85g", "a b c d e f g"),
        ("\u2018a\u2019 \u201ab\u201b", "'a' 'b'"),
        ("\u201cc\u201d \u201ed\u201f", '"c" "d"'),
        ("« non »", "« non »"),
        ("wait\u2026", "wait..."),
        ("e\u0301te\u0301", "\u00e9t\u00e9"),
        ("co\u00adop\u200b \ufeffx\u2010y\u2011\u2060z", "coop x-y-z"),
        ("a\x00b\x07c\x7fd\x9fe", "abcde"),
        ("\u0915\u094d\u200d\u0937", "\u0915\u094d\u200d\u0937"),  # half form: the joiner matters
        ("\U0001f469\u200d\U0001f4bb", "\U0001f469\u200d\U0001f4bb"),  # one emoji of two
        ("\u2764\ufe0f\u200d\U0001f525", "\u2764\ufe0f\u200d\U0001f525"),
        ("\u0915\u094d\u200c\u0937", "\u0915\u094d\u200c\u0937"),  # a virama that shows
        ("\u0645\u06cc\u200c\u0631\u0648\u0645", "\u0645\u06cc\u200c\u0631\u0648\u0645"),
        ("a\u200db\u200c \u0915\u200d\u0937\u200c", "ab \u0915\u0937"),  # no difference: gone
        ("\u0905\u200d\u0945\u092a", "\u0972\u092a"),  # candra a, in its three spellings
        ("\u0905\u0945\u092a", "\u0972\u092a"),
        ("\u0930\u094d\u200d\u092f", "\u0931\u094d\u092f"),  # eyelash ra, in its three spellings
        ("\u0931\u094d\u200d\u092f", "\u0931\u094d\u092f"),
        ("\u0931\u094d\u092f", "\u0931\u094d\u092f"),
        ("  \u00a0\n ", ""),
        ("", ""),
    ],
)
def test_typography_is_folded(text: str, expected: str) -> None:
    assert normalize(text) == expected
