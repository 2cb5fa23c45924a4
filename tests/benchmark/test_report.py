from __future__ import annotations

import json
import math
from pathlib import Path

from scripts.benchmark.floor import Floor
from scripts.benchmark.load.outcome import Outcome
from scripts.benchmark.picture import draw, points
from scripts.benchmark.plan import Trial
from scripts.benchmark.ratios import Run, Spread
from scripts.benchmark.report import processor, report, write
from scripts.benchmark.systems import Threads
from scripts.benchmark.table import floor_table, ratios_table, runs_table, settings_table
from scripts.benchmark.tasks import TaskRun

RUNS = [
    Run(1, "dragoman", "greedy", 1, Outcome(90, 0, 0, 0, 9.0, 45.0, 10.0, 20.0)),
    Run(2, "dragoman", "greedy", 1, Outcome(90, 1, 0, 2, 11.0, 55.0, 12.0, 22.0)),
    Run(1, "dragoman", "greedy", 64, Outcome(0, 3, 0, 0, 0.0, 0.0, math.nan, math.nan)),
]
TRIALS = {"dragoman": [Trial(Threads(1, 2), 50.0, 10.0), Trial(Threads(1, 0), 60.0, 12.0)]}
BEST = {"dragoman": TRIALS["dragoman"][1]}
FLOORS = [Floor(64, 12, 10.0, 0.002, 0.003, 0.02)]
SHARES = {"encode": 0.6, "join": 0.0, "step": 0.3, "between": 0.1}
TASKS = [TaskRun("captions", "caption", 16, SHARES, RUNS[2].outcome)]
SPREADS = {"tokens_64_clients_vs_static": Spread(1.5, 1.0, 2.0), "other": Spread(1, 1, 1)}


def test_the_report_keeps_its_contract(tmp_path: Path) -> None:
    path = tmp_path / "benchmarks" / "latest.json"
    write(path, report(RUNS, SPREADS, TRIALS, BEST, FLOORS, TASKS, {"sentences": 3}))
    found = json.loads(path.read_text())
    wanted = {"system", "load", "clients", "requests_per_s", "tokens_per_s", "p50_ms", "p99_ms"}
    assert {*wanted, "errors"} <= found["runs"][0].keys()
    assert found["ratios"] == {"tokens_64_clients_vs_static": 1.5, "other": 1}
    assert found["spreads"]["tokens_64_clients_vs_static"] == [1.0, 2.0]
    assert found["threads"]["dragoman"] == {
        "chosen": "default",
        "tokens_per_s": {"1x2": 50.0, "default": 60.0},
    }
    assert found["runs"][2]["p50_ms"] is None
    assert found["machine"]["cpus"] >= 1
    assert found["tasks"][0]["shares"]["encode"] == 0.6
    assert found["tasks"][0]["outcome"]["p50_ms"] is None


def test_the_processor_is_named(tmp_path: Path) -> None:
    (tmp_path / "cpuinfo").write_text("processor\t: 0\nmodel name\t: Fast One\nmodel name\t: x\n")
    assert processor(tmp_path / "cpuinfo") == "Fast One"
    assert isinstance(processor(tmp_path / "absent"), str)


def test_tables_show_medians_and_what_went_wrong() -> None:
    _, first, second = runs_table(RUNS)
    assert first.split() == ["dragoman", "greedy", "1", "10.0", "50", "11.0", "21.0", "1", "0", "2"]
    assert second.split()[-3:] == ["3", "0", "0"]
    assert "default 60*" in settings_table(TRIALS, BEST)[1]
    assert floor_table(FLOORS)[1].split() == ["64", "2.00", "3.00", "32000", "16000"]


def test_ratios_say_whether_they_meet_what_is_required() -> None:
    _, known, other = ratios_table(SPREADS)
    assert "≥2 MISSED" in known
    assert other.split() == ["other", "1.00", "1.00", "1.00"]


def test_pictures_are_drawn_from_medians(tmp_path: Path) -> None:
    assert points(RUNS, "dragoman", "p99_ms") == [(1, 21.0)]
    assert [path.name for path in draw(RUNS, tmp_path)] == ["throughput.png", "latency.png"]
