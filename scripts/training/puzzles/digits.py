"""Puzzles with digits and numbers: spell them, turn them round, sort them, add them."""

from __future__ import annotations

from random import Random

from scripts.training.puzzles.example import Example

ONES = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"),
    *("eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen"),
    "nineteen",
)
TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
GREATEST = 25  # that is spelt: with its word for each number, the tutorial's vocabulary of 51


def in_words(number: int) -> str:
    """Return a number from 0 to 99 in English words.

    >>> in_words(7), in_words(20), in_words(42)
    ('seven', 'twenty', 'forty-two')
    """
    if number < len(ONES):
        return ONES[number]
    tens, ones = TENS[number // 10 - 2], number % 10
    return f"{tens}-{ONES[ones]}" if ones else tens


def spell(random: Random, length: int) -> Example:
    """Make `length` numbers, each in words: `3 21` is `three twenty-one`."""
    numbers = [random.randint(1, GREATEST) for _ in range(length)]
    source = " ".join(map(str, numbers))
    return Example(source, " ".join(map(in_words, numbers)), source, length)


def turn_round(random: Random, length: int) -> Example:
    """Make `length` digits, the last one first: `3 1 2` is `2 1 3`."""
    digits = _digits(random, length)
    source = " ".join(digits)
    return Example(source, " ".join(reversed(digits)), source, length)


def sort(random: Random, length: int) -> Example:
    """Make `length` digits in their order: `3 1 1` is `1 1 3`.

    No other order of the same digits is in another split: the answer, too, is new.
    """
    digits = _digits(random, length)
    target = " ".join(sorted(digits))
    return Example(" ".join(digits), target, target, length)


def add(random: Random, length: int) -> Example:
    """Make a sum of two numbers of up to `length` digits: `535+61` is `596`.

    One has `length` of them. `61+535` is in no other split.
    """
    longer, shorter = _number(random, length), _number(random, random.randint(1, length))
    first, second = random.sample((longer, shorter), 2)
    key = "{}+{}".format(*sorted((first, second)))
    return Example(f"{first}+{second}", str(first + second), key, length)


def _digits(random: Random, length: int) -> list[str]:
    return [str(random.randrange(10)) for _ in range(length)]


def _number(random: Random, digits: int) -> int:
    """Return a number of exactly so many digits; 0 has one."""
    return random.randrange(10 ** (digits - 1) if digits > 1 else 0, 10**digits)
