from __future__ import annotations

import pytest

from scripts.benchmark.load.outcome import Outcome
from scripts.benchmark.plan import (
    Scale,
    Trial,
    best_setting,
    capacity,
    loads,
    trial_loads,
    trial_result,
)
from scripts.benchmark.systems import SYSTEMS, Threads, chosen

ONE, TWO = Threads(1, 1), Threads(2, 1)
BY_NAME = {system.name: system for system in SYSTEMS}


def outcome(requests_per_s: float) -> Outcome:
    return Outcome(9, 0, 0, 0, requests_per_s, 5 * requests_per_s, 1.0, 2.0)


def test_the_setting_with_the_most_tokens_a_second_is_chosen() -> None:
    trials = [Trial(ONE, 100.0, 20.0), Trial(TWO, 300.0, 60.0), Trial(Threads(1, 2), 300.0, 99.0)]
    assert best_setting(trials) == trials[1]


def test_every_system_is_tried_with_three_settings_except_one_with_defaults_of_its_own() -> None:
    assert {name: len(s.settings) for name, s in BY_NAME.items() if len(s.settings) != 3} == {
        "argos": 1
    }


def test_capacity_is_the_best_static_server_at_its_best_load() -> None:
    lit, ray = BY_NAME["litserve"], BY_NAME["rayserve"]
    best = {
        "litserve": trial_result(ONE, [outcome(100.0), outcome(140.0)]),
        "rayserve": trial_result(TWO, [outcome(130.0), outcome(90.0)]),
    }
    assert capacity([lit, ray], best) == 140.0
    assert best["litserve"].tokens_per_s == 500.0  # of the load that all systems share
    assert capacity([BY_NAME["dragoman"]], {}) == 0.0


def test_open_loops_arrive_at_shares_of_the_capacity() -> None:
    found = loads(BY_NAME["rayserve"], Scale((1,)), capacity=200.0)
    assert [(load.name, load.kind, load.rate) for load in found] == [
        ("greedy", "closed", 0.0),
        ("open 50%", "open", 100.0),
        ("open 80%", "open", 160.0),
    ]


def test_only_our_service_gets_lists_and_streams() -> None:
    names = {
        name: {load.name for load in loads(system, Scale(), 0.0)}
        for name, system in BY_NAME.items()
    }
    assert {name for name, each in names.items() if "list of 64" in each} == {"dragoman"}
    assert {name for name, each in names.items() if "stream" in each} == {"dragoman"}
    assert {name for name, each in names.items() if "beam 4" in each} == {
        "argos",
        "ctranslate2-int8",
        "dragoman",
    }


def test_static_servers_are_tried_beyond_one_batch() -> None:
    assert [load.clients for load in trial_loads(BY_NAME["litserve"], Scale())] == [64, 256]
    assert [load.clients for load in trial_loads(BY_NAME["dragoman"], Scale())] == [64]


def test_an_unknown_system_is_refused_by_name() -> None:
    assert [s.name for s in chosen(["rayserve", "dragoman"])] == ["dragoman", "rayserve"]
    with pytest.raises(ValueError, match="no system flask"):
        chosen(["flask"])
