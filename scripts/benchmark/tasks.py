"""Articles and images a second: every shipped model of another task, by itself and over HTTP.

    python -m scripts.benchmark.tasks --data data

There is no peer here that serves such models; what is said beside the rates is what they are made
of: the shares of the encoder (for images the CNN) and of the decoder in the time that the engine
takes for the same items.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from app.artifacts.manifest import Manifest
from app.artifacts.store import discover, open_artifact
from scripts.benchmark.load.drive import Job, drive
from scripts.benchmark.load.outcome import Outcome
from scripts.benchmark.load.pattern import Load, Question
from scripts.benchmark.server import Subject, running
from scripts.benchmark.sources import ROUTES, body_of, sources_of
from scripts.benchmark.systems import SYSTEMS, Threads

TIMELINE = "scripts.benchmark.timeline"
CLIENTS = (1, 16, 64)


@dataclass(frozen=True)
class TaskRun:
    """One load on one model, which decodes as it does by default.

    `shares` of `encode`, `step`, `join` and `between` are those of the engine's time.
    """

    model: str
    task: str
    clients: int
    shares: Mapping[str, float]
    outcome: Outcome


def measure_tasks(models: Path, data: Path | None, seconds: float) -> list[TaskRun]:
    """Put loads on each model of `models` that summarizes or captions.

    Raises:
        RuntimeError: the service does not start, or a model cannot be measured.
    """
    artifacts = [open_artifact(folder, verify_hashes=False) for folder in discover(models)]
    artifacts = [one for one in artifacts if one.manifest.task in ROUTES]
    if not artifacts:
        return []
    found = []
    parts = {one.name: _shares(one.folder, data) for one in artifacts}
    folder = artifacts[0].folder
    with running(SYSTEMS[0], Threads(1, 0), Subject(folder, folder)) as server:
        for one in artifacts:
            jobs = _jobs(one.manifest, data, seconds)
            found += [
                TaskRun(one.name, one.manifest.task, load.clients, parts[one.name], outcome)
                for (load, _), outcome in zip(jobs[1:], drive(server.url, jobs)[1:], strict=True)
            ]
    return found


def _jobs(manifest: Manifest, data: Path | None, seconds: float) -> list[Job]:
    """Return what the model is asked, a warm-up first."""
    questions = [Question(body_of(one, manifest), None) for one in sources_of(manifest, data)]
    path = ROUTES[manifest.task]
    loads = [Load("warm-up", clients=16, seconds=seconds, settle=0.0, path=path)]
    loads += [Load("closed", clients=n, seconds=seconds, path=path) for n in CLIENTS]
    return [(load, questions) for load in loads]


def _shares(folder: Path, data: Path | None) -> dict[str, float]:
    """Decode items that come all at once, in a process of its own."""
    line = [sys.executable, "-m", TIMELINE, str(folder), "--json", "--rate", "inf"]
    line += ["--data", str(data)] if data else []
    done = subprocess.run(line, capture_output=True, text=True, check=False)  # noqa: S603 - ours
    if done.returncode:
        raise RuntimeError(f"{folder.parent.name} could not be recorded: {done.stderr[-2000:]}")
    shares: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return shares


def tasks_table(runs: Sequence[TaskRun]) -> list[str]:
    """Return one line a load."""
    lines = [
        f"{'model':16} {'clients':>7} {'items/s':>8} {'p50 ms':>8} {'p99 ms':>8} errors  "
        "encoder decoder"
    ]
    lines += [
        f"{run.model:16} {run.clients:7} {run.outcome.requests_per_s:8.1f} "
        f"{run.outcome.p50_ms:8.1f} {run.outcome.p99_ms:8.1f} {run.outcome.errors:6}  "
        f"{run.shares['encode']:7.0%} {run.shares['step']:7.0%}"
        for run in runs
    ]
    return lines


def main() -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--models", type=Path, default=Path("models"))
    parser.add_argument("--data", type=Path, default=os.environ.get("DRAGOMAN_DATA"))
    parser.add_argument("--seconds", type=float, default=4.0, help="counted time of one load")
    args = parser.parse_args()
    runs = measure_tasks(args.models, args.data, args.seconds)
    print("\n".join(tasks_table(runs)))
    return 1 if any(run.outcome.errors or run.outcome.unfinished for run in runs) else 0


if __name__ == "__main__":
    sys.exit(main())
