"""Which rules there are; a new one is a function and a line here."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from scripts.training.puzzles import dates, digits
from scripts.training.puzzles.example import Example
from scripts.training.puzzles.piglatin import pig_latin

DRAWN: dict[str, Callable[[Random, int], Example]] = {
    "spell": digits.spell,
    "reverse": digits.turn_round,
    "sort": digits.sort,
    "add": digits.add,
    "date": dates.read,
}
"""Rules that make an example of a length out of chance."""

OF_WORDS: dict[str, Callable[[str], str]] = {"pig-latin": pig_latin}
"""Rules that turn a lower-case word into another."""
