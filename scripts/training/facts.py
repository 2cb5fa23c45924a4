"""Does a headline keep to its article: its numbers and names, and its length."""

from __future__ import annotations

import re
from collections.abc import Sequence

from scripts.training.units import units

_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_WORD = re.compile(r"[^\W_]+(?:['.][^\W_]+)*")
_POSSESSIVE = re.compile(r"'s?$")


def _words(text: str) -> list[str]:
    """Split at spaces, hyphens and punctuation, but `U.S` and `O'Neill` stay whole."""
    return [_POSSESSIVE.sub("", word) for word in _WORD.findall(text)]


def facts(headline: str) -> list[str]:
    """Return the digit strings and the capitalised words but the first, case-folded.

    >>> facts("Google's $1.5 mln offer for Anglo-Dutch unit of BP")
    ['1.5', 'anglo', 'dutch', 'bp']
    """
    names = [word for word in _words(headline)[1:] if word[0].isupper()]
    return [*_NUMBER.findall(headline), *(name.casefold() for name in names)]


def stated(text: str) -> frozenset[str]:
    """Return every digit string and word of `text`, case-folded."""
    return frozenset([*_NUMBER.findall(text), *(word.casefold() for word in _words(text))])


def fact_shares(
    sources: Sequence[str], hypotheses: Sequence[str], references: Sequence[str]
) -> dict[str, float]:
    """Return `fact-precision` and `fact-recall` in percent, over all headlines together.

    Precision: of the facts of the hypotheses, how many stand in their sources. Recall: of the facts
    of the references that stand in their sources, how many the hypotheses keep. 100 where there
    are none.
    """
    right = made = kept = wanted = 0
    for source, hypothesis, reference in zip(sources, hypotheses, references, strict=True):
        there, said = stated(source), stated(hypothesis)
        claims = facts(hypothesis)
        right, made = right + sum(fact in there for fact in claims), made + len(claims)
        due = [fact for fact in facts(reference) if fact in there]
        kept, wanted = kept + sum(fact in said for fact in due), wanted + len(due)
    return {
        "fact-precision": 100.0 * right / made if made else 100.0,
        "fact-recall": 100.0 * kept / wanted if wanted else 100.0,
    }


def length_ratio(hypotheses: Sequence[str], references: Sequence[str], spaceless: bool) -> float:
    """Return how long the hypotheses are, in words or characters, as a share of the references."""
    made, wanted = (
        sum(len(units(t, spaceless)) for t in texts) for texts in (hypotheses, references)
    )
    return made / max(wanted, 1)
