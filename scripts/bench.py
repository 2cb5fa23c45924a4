"""Measure the service over HTTP beside the tutorials' `model.predict` loop, in one run, as ratios.

Writes docs/benchmarks/latest.json and prints a table. Sentences come from the Tatoeba test split
under --data (or $DRAGOMAN_DATA) where there is one, else from scripts/benchmark/sentences.txt.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import time
import urllib.request
from dataclasses import asdict
from pathlib import Path

from app.artifacts.store import open_artifact
from app.engine.cpus import available_cpus
from app.text.tokenizer import Tokenizer
from scripts.benchmark.load import Load, Outcome, drive
from scripts.benchmark.sentences import sentences
from scripts.benchmark.server import running_service

CLIENTS = (1, 16, 64)
Row = dict[str, object]


def _predict_loop(model: Path, texts: list[str], seconds: float) -> tuple[Outcome, list[list[int]]]:
    done = subprocess.run(  # noqa: S603 - our own module
        [sys.executable, "-m", "scripts.benchmark.predict_loop", str(model), str(seconds)],
        input="\n".join(texts),
        capture_output=True,
        text=True,
        check=True,
    )
    answer = json.loads(done.stdout.splitlines()[-1])
    return Outcome(**answer["outcome"]), answer["outputs"]


def _import_seconds() -> float:
    started = time.monotonic()
    subprocess.run([sys.executable, "-c", "import tensorflow"], check=True, capture_output=True)
    return time.monotonic() - started


def _row(system: str, load: str, outcome: Outcome) -> Row:
    return {"system": system, "load": load, **asdict(outcome)}


def _print_table(rows: list[Row]) -> None:
    print(
        f"{'system':14} {'load':8} {'clients':>7} {'req/s':>8} {'tokens/s':>9} "
        f"{'p50 ms':>8} {'p99 ms':>8} errors"
    )
    for row in rows:
        print(
            f"{row['system']:14} {row['load']:8} {row['clients']:7} {row['requests_per_s']:8.1f} "
            f"{row['tokens_per_s']:9.0f} {row['p50_ms']:8.1f} {row['p99_ms']:8.1f} {row['errors']}"
        )


def _ratios(rows: list[Row], import_s: float, ready_s: list[float]) -> dict[str, float]:
    def middle(system: str, load: str, clients: int, key: str) -> float:
        values = [
            float(str(row[key]))
            for row in rows
            if (row["system"], row["load"], row["clients"]) == (system, load, clients)
        ]
        return statistics.median(values)

    loop_tokens = middle("predict loop", "greedy", 1, "tokens_per_s")
    loop_p50 = middle("predict loop", "greedy", 1, "p50_ms")
    return {
        "throughput_64_clients_vs_predict_loop": middle("dragoman", "greedy", 64, "tokens_per_s")
        / loop_tokens,
        "latency_predict_loop_vs_1_client": loop_p50 / middle("dragoman", "greedy", 1, "p50_ms"),
        "beam4_vs_greedy_64_clients": middle("dragoman", "beam 4", 64, "tokens_per_s")
        / middle("dragoman", "greedy", 64, "tokens_per_s"),
        "ready_vs_import_tensorflow": statistics.median(ready_s) / import_s,
    }


def main() -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, default=Path("models/translate-en-fr/1"))
    parser.add_argument("--data", type=Path, default=os.environ.get("DRAGOMAN_DATA"))
    parser.add_argument("--rounds", type=int, default=3, help="interleaved rounds")
    parser.add_argument("--seconds", type=float, default=8.0, help="longest time of one load")
    parser.add_argument("--out", type=Path, default=Path("docs/benchmarks/latest.json"))
    args = parser.parse_args()
    texts = sentences(args.data)
    rows: list[Row] = []
    import_s = min(_import_seconds() for _ in range(2))
    ready: list[float] = []
    wrong = checked = 0
    tokenizer = Tokenizer.load(open_artifact(args.model).folder / "source.json")
    for _ in range(args.rounds):
        outcome, outputs = _predict_loop(args.model, texts, args.seconds)
        rows.append(_row("predict loop", "greedy", outcome))
        with running_service(max_rows="256") as (base, seconds):
            ready.append(seconds)
            url = f"{base}/v1/translate"
            drive(url, texts, Load(16, 64, args.seconds))  # warm-up
            for beam in (1, 4):
                for clients in CLIENTS:
                    outcome = drive(url, texts, Load(clients, 100_000, args.seconds, beam))
                    rows.append(_row("dragoman", "greedy" if beam == 1 else "beam 4", outcome))
            wrong += _wrong_answers(url, texts, [tokenizer.decode(ids) for ids in outputs])
            checked += len(outputs)
    ratios = _ratios(rows, import_s, ready) | {"wrong_answers": wrong, "answers_checked": checked}
    machine = {
        "cpus": available_cpus(),
        "architecture": platform.machine(),
        "python": platform.python_version(),
    }
    _print_table(rows)
    for name, value in ratios.items():
        print(f"{name}: {value:.2f}")
    args.out.parent.mkdir(parents=True, exist_ok=True)
    result = {"runs": rows, "ratios": ratios, "machine": machine, "sentences": len(texts)}
    args.out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    return 0


def _wrong_answers(url: str, texts: list[str], expected: list[str]) -> int:
    """Count the greedy answers that differ from the peer's on the same artifact."""
    wrong = 0
    for text, right in zip(texts, expected, strict=False):
        body = {"text": text, "source": "en", "target": "fr", "options": {"beam_size": 1}}
        request = urllib.request.Request(  # noqa: S310 - our own server
            url, json.dumps(body).encode(), {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request) as response:  # noqa: S310
            wrong += json.load(response)["translations"][0]["text"] != right
    return wrong


if __name__ == "__main__":
    sys.exit(main())
