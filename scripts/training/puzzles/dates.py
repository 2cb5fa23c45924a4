"""Dates as people write them, and the same dates as ISO 8601 has them.

What could be read in two ways is read in one: with slashes the month comes first (3/5/1979 is the
fifth of March), with dots the day (3.5.1979 is the third of May). Years have four digits. The name
of the weekday is always right.
"""

from __future__ import annotations

import calendar
from datetime import date
from random import Random

from scripts.training.puzzles.example import Example

FIRST, LAST = date(1900, 1, 1), date(2099, 12, 31)
MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July", "August", "September"),
    *("October", "November", "December"),
)
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
FORMATS = (
    "{day} {month} {year}",
    "{day:02} {month} {year}",
    "{nth} {month} {year}",
    "the {nth} of {month} {year}",
    "{month} {day}, {year}",
    "{month} {nth}, {year}",
    "{year} {month} {day}",
    "{weekday}, {day} {month} {year}",
    "{weekday}, {month} {day}, {year}",
    "{weekday} the {nth} of {month} {year}",
    "{day} {short} {year}",
    "{short} {day}, {year}",
    "{short} {nth} {year}",
    "{day:02}-{short}-{year}",
    "{brief} {day} {short} {year}",
    "{brief}, {short} {day}, {year}",
    "{number}/{day}/{year}",
    "{number:02}/{day:02}/{year}",
    "{day}.{number}.{year}",
    "{day:02}.{number:02}.{year}",
    "{year}/{number:02}/{day:02}",
    "{year}{number:02}{day:02}",
)
CASES = (str, str, str.lower, str.upper)


def ordinal(number: int) -> str:
    """Return a number with its English ending.

    >>> [ordinal(number) for number in (1, 2, 13, 23, 30)]
    ['1st', '2nd', '13th', '23rd', '30th']
    """
    teens = number % 100 in (11, 12, 13)
    ending = "th" if teens else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def write(day: date, form: str) -> str:
    """Return `day` in one of `FORMATS`, in English whatever the machine's language.

    >>> write(date(1979, 5, 3), "{weekday}, {day} {month} {year}")
    'Thursday, 3 May 1979'
    """
    month, weekday = MONTHS[day.month - 1], WEEKDAYS[day.weekday()]
    return form.format(
        day=day.day,
        nth=ordinal(day.day),
        number=day.month,
        month=month,
        short=month[:3],
        weekday=weekday,
        brief=weekday[:3],
        year=day.year,
    )


def read(random: Random, length: int) -> Example:
    """Make a date of 1900 to 2099 in one of `FORMATS`, as it is or in one case.

    Every year and month is as likely as every other; `length` says nothing. No form of the same day
    is in another split.
    """
    year, month = random.randint(FIRST.year, LAST.year), random.randint(1, 12)
    day = date(year, month, random.randint(1, calendar.monthrange(year, month)[1]))
    source = random.choice(CASES)(write(day, random.choice(FORMATS)))
    return Example(source, day.isoformat(), day.isoformat(), length)
