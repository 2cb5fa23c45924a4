from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dragoman_client.errors import NotFound, Refused
from dragoman_client.retry import RetryPolicy
from dragoman_client.wire import retry_after

NOW = datetime(2026, 11, 21, 12, 0, 0, tzinfo=UTC)


@given(asked=st.none() | st.floats(0, 30), tried=st.integers(0, 20), chance=st.floats(0, 1))
def test_a_pause_is_never_shorter_than_asked_nor_longer_than_twice_the_longest(
    asked: float | None, tried: int, chance: float
) -> None:
    failure = Refused("busy", request_id="r", retry_after=asked)
    pause = RetryPolicy(retries=21).pause(failure, tried, chance)
    assert pause is not None
    assert (asked or 0.0) < pause <= 60.0


def test_what_cannot_get_better_is_not_tried_again() -> None:
    assert RetryPolicy().pause(NotFound("no", request_id="r"), 0, 0.5) is None


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("3", 3.0),
        ("0.5", 0.5),
        ("-1", 0.0),
        ("Sat, 21 Nov 2026 12:00:05 GMT", 5.0),
        ("Sat, 21 Nov 2026 11:00:00 GMT", 0.0),
        ("soon", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(header: str | None, seconds: float | None) -> None:
    assert retry_after(header, NOW) == seconds
