from __future__ import annotations

import math

from scripts.benchmark.load import summarize


def test_an_outcome_counts_answers_tokens_and_percentiles() -> None:
    latencies = [number / 1000 for number in range(1, 102)]  # 1 … 101 ms
    found = summarize(clients=4, latencies=latencies, tokens=500, errors=2, seconds=10.0)
    assert (found.clients, found.requests, found.errors) == (4, 101, 2)
    assert (found.requests_per_s, found.tokens_per_s) == (10.1, 50.0)
    assert math.isclose(found.p50_ms, 51.0)
    assert math.isclose(found.p99_ms, 100.0)


def test_a_load_without_answers_has_no_latency() -> None:
    found = summarize(clients=1, latencies=[], tokens=0, errors=1, seconds=1.0)
    assert math.isnan(found.p50_ms)
    assert found.requests == 0
