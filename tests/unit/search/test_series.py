from __future__ import annotations

import math

import numpy as np

from app.search.labels import Labels
from app.search.rules import Rules
from app.search.series import Series
from app.search.step import Candidates, Outcome, Plan


def test_a_series_is_fed_its_last_value_and_drops_what_is_beyond_its_end() -> None:
    series = Series((0.0, 0.0), 3)
    assert (series.value, series.steps_left, series.done) == ((0.0, 0.0), 3, False)
    series.extend([[1.0, 2.0]])
    assert (series.value, series.stable()) == ((1.0, 2.0), [(1.0, 2.0)])
    series.extend([[3.0, 4.0], [5.0, 6.0], [7.0, 8.0]])
    assert series.values == [(1.0, 2.0), (3.0, 4.0), (5.0, 6.0)]
    assert (series.steps_left, series.done) == (0, True)


def test_labels_come_likeliest_first_and_by_id_among_equals() -> None:
    labels = Labels(Plan(bos=1, eos=2, rules=Rules(never=frozenset(), eos=2)), 3)
    assert (labels.tokens, labels.probes, labels.done) == ([1], (0, 1, 2), False)
    gains = np.log(np.array([[0.25, 0.5, 0.25, 0.9]], np.float32))  # another row asked for more
    labels.advance(Candidates(np.array([[1]], np.int32), gains[:, 1:2], probes=gains))
    assert labels.done
    assert labels.stable() == []
    half, quarter = float(np.float32(math.log(0.5))), float(np.float32(math.log(0.25)))
    assert labels.outcomes() == (
        Outcome((1,), half, half / 2, "stop"),
        Outcome((0,), quarter, quarter / 2, "stop"),
        Outcome((2,), quarter, quarter / 2, "stop"),
    )
