"""Pig Latin of single words."""

from __future__ import annotations

VOWELS = frozenset("aeiou")


def pig_latin(word: str) -> str:
    """Return a lower-case word in Pig Latin.

    A word that begins with a vowel gets `way`. Of any other the consonants before the first vowel
    go to the end, and `ay` follows. `u` after `q` goes with it; `y` is a consonant at the beginning
    and a vowel elsewhere; a word without either only gets `ay`.

    >>> [pig_latin(word) for word in ("apple", "string", "squeal", "yellow", "rhythm", "tv")]
    ['appleway', 'ingstray', 'ealsquay', 'ellowyay', 'ythmrhay', 'tvay']
    """
    if word[0] in VOWELS:
        return f"{word}way"
    start = next((place for place in range(len(word)) if _is_vowel(word, place)), len(word))
    return f"{word[start:]}{word[:start]}ay"


def _is_vowel(word: str, place: int) -> bool:
    before = word[place - 1] if place else ""
    if word[place] == "y":
        return bool(before)
    return word[place] in VOWELS and not (word[place] == "u" and before == "q")
