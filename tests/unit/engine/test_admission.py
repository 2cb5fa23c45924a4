"""Admission: bounded, and honest about when to come again."""

from __future__ import annotations

import pytest

from app.engine.admission import Admission
from app.errors import InvalidRequest, Overloaded


def test_rows_beyond_running_and_waiting_are_refused() -> None:
    admission = Admission(max_rows=4, max_waiting=2)
    admission.reserve([1] * 6)
    with pytest.raises(Overloaded) as refusal:
        admission.reserve([1])
    assert refusal.value.retry_after == 1.0
    assert admission.reserved == 6


def test_a_refused_request_takes_no_place() -> None:
    admission = Admission(max_rows=4, max_waiting=0)
    admission.reserve([3])
    with pytest.raises(Overloaded):
        admission.reserve([1, 1])
    admission.reserve([1])
    assert admission.reserved == 4


def test_retry_after_follows_the_rate_of_departures() -> None:
    admission = Admission(max_rows=100, max_waiting=0)
    admission.reserve([1] * 100)
    for second in range(1, 61):  # a steady row a second for a minute
        admission.release(1, float(second))
        admission.reserve([1])
    assert admission.retry_after(10) == pytest.approx(10.0, rel=0.01)
    assert admission.retry_after(90) == 60.0


@pytest.mark.parametrize(("widths", "what"), [([], "no items"), ([5], "beam"), ([4, 4], "8 rows")])
def test_what_can_never_fit_is_the_requests_fault(widths: list[int], what: str) -> None:
    with pytest.raises(InvalidRequest, match=what):
        Admission(max_rows=4, max_waiting=3).reserve(widths)
