"""docs/benchmarks/latest.json: what was measured, for programs to read."""

from __future__ import annotations

import json
import math
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from app.engine.cpus import available_cpus
from scripts.benchmark.floor import Floor
from scripts.benchmark.load.outcome import Outcome
from scripts.benchmark.plan import Trial
from scripts.benchmark.ratios import Run, Spread
from scripts.benchmark.tasks import TaskRun

CPUINFO = Path("/proc/cpuinfo")


def machine() -> dict[str, Any]:
    """Return what figures depend on."""
    return {
        "cpus": available_cpus(),
        "processor": processor(CPUINFO),
        "architecture": platform.machine(),
        "python": platform.python_version(),
    }


def processor(cpuinfo: Path) -> str:
    """Return the processor's name from `cpuinfo`, or what Python knows of it."""
    try:
        lines = cpuinfo.read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()


def report(
    runs: Sequence[Run],
    spreads: Mapping[str, Spread],
    trials: Mapping[str, Sequence[Trial]],
    best: Mapping[str, Trial],
    floors: Sequence[Floor],
    tasks: Sequence[TaskRun],
    details: Mapping[str, Any],
) -> dict[str, Any]:
    """Return everything; numbers that do not exist (no answer, no latency) are null."""
    return {
        "runs": [_run(run) for run in runs],
        "ratios": {name: _number(spread.median) for name, spread in spreads.items()},
        "spreads": {
            name: [_number(spread.low), _number(spread.high)] for name, spread in spreads.items()
        },
        "machine": machine(),
        "threads": {
            name: {
                "chosen": str(best[name].threads),
                "tokens_per_s": {str(t.threads): t.tokens_per_s for t in each},
            }
            for name, each in trials.items()
        },
        "floor": [
            {**asdict(f), "tokens_per_s": f.tokens_per_s, "with_encoder": f.with_encoder}
            for f in floors
        ],
        "tasks": [_task(run) for run in tasks],
        **details,
    }


def write(path: Path, result: Mapping[str, Any]) -> None:
    """Write `result` to `path` as JSON that every reader takes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(result, indent=1, allow_nan=False)
    path.write_text(text + "\n", encoding="utf-8")


def _run(run: Run) -> dict[str, Any]:
    return {
        "system": run.system,
        "load": run.load,
        "clients": run.clients,
        "round": run.round,
        **_outcome(run.outcome),
    }


def _task(run: TaskRun) -> dict[str, Any]:
    return {**asdict(run), "outcome": _outcome(run.outcome)}


def _outcome(outcome: Outcome) -> dict[str, float | None]:
    return {key: _number(value) for key, value in asdict(outcome).items()}


def _number(value: float) -> float | None:
    return value if math.isfinite(value) else None
