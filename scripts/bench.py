"""Measure the service over HTTP beside its peers, in one run, as ratios.

Every system is started in turn in an environment of its own, tried with several thread settings,
warmed up and driven from another process; rounds interleave the systems. Writes latest.json and
pictures to docs/benchmarks and prints tables. Exit 1: too many wrong answers, or requests that the
service failed or left unanswered.
Sentences come from the Tatoeba test split under --data (or $DRAGOMAN_DATA) where there is one, else
from scripts/benchmark/sentences.txt.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import statistics
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from app.engine.cpus import usual_threads
from scripts.benchmark.answers import TIES, Reference, lost_requests, reference, wrong_share
from scripts.benchmark.floor import Floor, measure_floor
from scripts.benchmark.picture import draw
from scripts.benchmark.plan import CLIENTS, Scale, Trial, capacity
from scripts.benchmark.ratios import Run, ratios_of, spreads
from scripts.benchmark.report import report, write
from scripts.benchmark.rounds import Starts, Work, choose, one_round
from scripts.benchmark.sentences import sentences
from scripts.benchmark.server import Subject, import_seconds
from scripts.benchmark.systems import DRAGOMAN, SYSTEMS, System, chosen
from scripts.benchmark.table import floor_table, ratios_table, runs_table, settings_table
from scripts.benchmark.tasks import measure_tasks, tasks_table


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, default=Path("models/translate-en-fr/1"))
    parser.add_argument("--data", type=Path, default=os.environ.get("DRAGOMAN_DATA"))
    parser.add_argument(
        "--systems", default=",".join(system.name for system in SYSTEMS), help="names, with commas"
    )
    parser.add_argument("--clients", default=",".join(map(str, CLIENTS)), help="closed loops")
    parser.add_argument("--rounds", type=int, default=3, help="interleaved rounds")
    parser.add_argument("--seconds", type=float, default=4.0, help="counted time of one load")
    parser.add_argument("--settings", type=int, default=3, help="thread settings tried, at most")
    parser.add_argument("--sentences", type=int, help="use so many; all if left out")
    parser.add_argument("--no-floor", action="store_true", help="leave the matrix products out")
    parser.add_argument("--out", type=Path, default=Path("docs/benchmarks/latest.json"))
    return parser.parse_args()


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _shuffled(texts: Sequence[str]) -> list[str]:
    """Mix lengths the same way in every run: a data set may be sorted."""
    mixed = list(texts)
    random.Random(0).shuffle(mixed)  # noqa: S311 - not a secret
    return mixed


def _start_ratios(starts: Starts, imports: Sequence[float]) -> dict[str, list[float]]:
    ready = starts.ready_s.get(DRAGOMAN, [])
    return (
        {"ready_vs_import_tensorflow": [a / b for a, b in zip(ready, imports, strict=False)]}
        if ready
        else {}
    )


def _floors(model: Path, best: Trial | None, right: Reference, texts: Sequence[str]) -> list[Floor]:
    """Measure the floor on the threads of one product that the service was measured with."""
    threads = best.threads.threads if best else 0
    steps = statistics.mean(right.tokens.values()) + 1
    return measure_floor(model, threads or usual_threads(), steps, texts)


def _floor_ratios(floors: Sequence[Floor], runs: Sequence[Run]) -> dict[str, list[float]]:
    found = {f"step_{f.rows}_rows_vs_floor": [f.engine_s / f.products_s] for f in floors}
    tokens = [
        run.outcome.tokens_per_s
        for run in runs
        if (run.system, run.load, run.clients) == (DRAGOMAN, "greedy", 64)
    ]
    full = next((f for f in floors if f.rows == 64), None)
    if tokens and full:
        found["tokens_64_clients_vs_floor"] = [t / full.tokens_per_s for t in tokens]
        found["tokens_64_clients_vs_floor_with_encoder"] = [t / full.with_encoder for t in tokens]
    return found


def _measure(
    args: argparse.Namespace, systems: Sequence[System], work: Work
) -> tuple[list[Run], Starts, dict[str, list[Trial]], dict[str, Trial], list[float]]:
    trials, best = choose(systems, work)
    most = capacity(systems, best)
    starts, runs, imports = Starts(), [], []
    for number in range(1, args.rounds + 1):
        imports.append(import_seconds())
        runs += one_round(number, systems, best, most, work, starts)
    return runs, starts, trials, best, imports


def main() -> int:
    """Run the command line."""
    args = _options()
    args.model = args.model.resolve()
    # Ended from outside, it still ends what it has started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    systems = [
        replace(system, settings=system.settings[: args.settings])
        for system in chosen(args.systems.split(","))
    ]
    texts = _shuffled(sentences(args.data))[: args.sentences]
    _say(f"reference answers for {len(texts)} sentences")
    right: Reference = reference(args.model, texts)
    with tempfile.TemporaryDirectory() as folder:
        lengths = Path(folder) / "lengths.json"
        lengths.write_text(json.dumps(right.tokens), encoding="utf-8")
        scale = Scale(tuple(map(int, args.clients.split(","))), args.seconds)
        work = Work(Subject(args.model, lengths), texts, right, scale, _say)
        runs, starts, trials, best, imports = _measure(args, systems, work)
    floors = [] if args.no_floor else _floors(args.model, best.get(DRAGOMAN), right, texts)
    tasks = measure_tasks(args.model.parents[1], args.data, args.seconds)
    values = ratios_of(runs) | _floor_ratios(floors, runs) | _start_ratios(starts, imports)
    found = spreads(values)
    checked = [run.outcome for run in runs if run.load == "greedy"]
    wrong = wrong_share(checked)
    details: dict[str, Any] = {
        "sentences": len(texts),
        "wrong_share": wrong,
        "import_tensorflow_s": statistics.median(imports),
        "ready_s": {name: statistics.median(each) for name, each in starts.ready_s.items()},
        "resident_bytes": {name: max(each) for name, each in starts.resident.items()},
    }
    write(args.out, report(runs, found, trials, best, floors, tasks, details))
    draw(runs, args.out.parent)
    for table in (
        settings_table(trials, best),
        runs_table(runs),
        floor_table(floors),
        tasks_table(tasks),
        ratios_table(found),
    ):
        print("\n".join(table), end="\n\n")
    ours = [run.outcome for run in runs if run.system == DRAGOMAN]
    lost = lost_requests([*ours, *(run.outcome for run in tasks)])
    print(f"wrong answers: {wrong:.2%} of those checked; {lost} requests to {DRAGOMAN} lost")
    return 1 if wrong > TIES or lost else 0


if __name__ == "__main__":
    sys.exit(main())
