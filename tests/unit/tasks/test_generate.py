"""When reading what is sent to generate is work for a thread."""

from __future__ import annotations

import pytest

from app.tasks.generate import MANY_NUMBERS, GenerateJob
from app.tasks.task import LARGE

HALF = MANY_NUMBERS // 2


@pytest.mark.parametrize(
    ("values", "large"),
    [
        ([0.5] * MANY_NUMBERS, False),
        ([0.5] * (MANY_NUMBERS + 1), True),
        ([[1.0, 2.0]] * HALF, False),
        ([[1.0, 2.0]] * (HALF + 1), True),
        ([[[1.0, 2.0]] * HALF], False),
        ([[[1.0, 2.0]] * (HALF + 1)], True),
        ([[[1.0] * MANY_NUMBERS], [[1.0]]], True),
        ([], False),
        ([[], [[]], "no number"], False),
    ],
)
def test_every_number_of_every_step_counts(values: list[object], large: bool) -> None:
    assert GenerateJob(values=values).is_large is large


@pytest.mark.parametrize(("letters", "large"), [(LARGE, False), (LARGE + 1, True)])
def test_all_letters_count(letters: int, large: bool) -> None:
    assert GenerateJob(texts=("a", "b" * (letters - 1))).is_large is large
