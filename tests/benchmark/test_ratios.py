from __future__ import annotations

import math

from scripts.benchmark.load.outcome import Outcome
from scripts.benchmark.ratios import RATIOS, Run, Spread, ratios_of, spreads


def run(number: int, system: str, load: str, clients: int, tokens: float, p: float) -> Run:
    return Run(number, system, load, clients, Outcome(9, 0, 0, 0, tokens / 5, tokens, p, 2 * p))


def test_throughput_is_over_the_better_of_the_static_servers() -> None:
    found = ratios_of(
        [
            run(1, "dragoman", "greedy", 64, 900, 10),
            run(1, "litserve", "greedy", 64, 300, 40),
            run(1, "rayserve", "greedy", 64, 200, 30),
        ]
    )
    assert found["tokens_64_clients_vs_static"] == [3.0]
    assert math.isclose(found["p99_64_clients_vs_static"][0], 1 / 3)  # the lower of theirs


def test_ratios_pair_what_was_measured_in_the_same_round() -> None:
    runs = [
        run(number, system, "greedy", 1, 100, p)
        for number, ours, theirs in ((1, 10, 20), (2, 30, 30))
        for system, p in (("dragoman", ours), ("predict-loop", theirs))
    ]
    assert ratios_of(runs)["latency_1_client_vs_predict_loop"] == [0.5, 1.0]


def test_what_was_not_measured_has_no_ratio() -> None:
    nothing = run(1, "predict-loop", "greedy", 64, 0.0, math.nan)
    assert ratios_of([run(1, "dragoman", "greedy", 64, 900, 10), nothing]) == {}


def test_spreads_are_median_and_extremes() -> None:
    assert spreads({"a": [3.0, 1.0, 2.0], "b": [1.0]}) == {
        "a": Spread(2.0, 1.0, 3.0),
        "b": Spread(1.0, 1.0, 1.0),
    }


def test_every_ratio_has_a_name_of_its_own() -> None:
    assert len({ratio.name for ratio in RATIOS}) == len(RATIOS)
