from __future__ import annotations

import json
import math

import pytest

from scripts.benchmark.load.outcome import Reply, Sample, read_reply, summarize


def answered(began: float, waited: float, tokens: int = 5, **marks: bool) -> Sample:
    return Sample(began, began + waited, waited, tokens, **marks)


def test_an_outcome_counts_answers_tokens_and_percentiles() -> None:
    samples = [answered(number / 20, number / 1000) for number in range(1, 102)]  # 1 … 101 ms
    found = summarize(samples, begin=0.0, end=10.0)
    assert (found.requests, found.errors, found.unfinished, found.wrong) == (101, 0, 0, 0)
    assert math.isclose(found.requests_per_s, 10.1)
    assert math.isclose(found.tokens_per_s, 50.5)
    assert math.isclose(found.p50_ms, 51.0)
    assert math.isclose(found.p99_ms, 100.0)


def test_rates_count_what_came_in_the_window_and_latencies_what_was_sent_in_it() -> None:
    early, late = answered(-1.0, 1.5), answered(9.5, 2.0)
    found = summarize([early, answered(5.0, 1.0), late], begin=0.0, end=10.0)
    assert (found.requests, found.tokens_per_s) == (2, 1.0)  # `late` came too late
    assert found.p50_ms == 1500.0  # between 1 s and 2 s: `early` was sent before


def test_an_unanswered_request_counts_with_its_age() -> None:
    stuck = Sample(1.0, None, 30.0)
    found = summarize([stuck], begin=0.0, end=10.0)
    assert (found.requests, found.unfinished, found.p99_ms) == (0, 1, 30_000.0)


def test_errors_and_wrong_answers_are_told_apart() -> None:
    samples = [answered(1.0, 0.1, failed=True), answered(2.0, 0.2, wrong=True)]
    found = summarize(samples, begin=0.0, end=10.0)
    assert (found.requests, found.errors, found.wrong) == (1, 1, 1)
    assert found.p50_ms == 200.0


def test_a_load_without_answers_has_no_latency() -> None:
    assert math.isnan(summarize([], begin=0.0, end=1.0).p50_ms)


BODY = {"translations": [{"text": "un"}, {"text": "deux"}], "usage": {"target_tokens": 2}}


def test_a_reply_is_read_from_json() -> None:
    assert read_reply(json.dumps(BODY).encode()) == Reply(2, ("un", "deux"))


def test_a_reply_is_read_from_the_last_event_of_a_stream() -> None:
    events = [{"type": "token", "text": "un"}, {"type": "done", "result": BODY}]
    stream = "".join(f"data: {json.dumps(event)}\n\n" for event in events)
    assert read_reply(stream.encode()) == Reply(2, ("un", "deux"))


@pytest.mark.parametrize("body", [b"", b'data: {"type": "error"}\n\n', b"<html>"])
def test_a_stream_that_does_not_end_with_done_is_an_error(body: bytes) -> None:
    with pytest.raises(ValueError, match="done"):
        read_reply(body)
