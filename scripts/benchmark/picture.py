"""Pictures of a run: throughput and tail latency over the number of clients, in two PNG files."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")

import matplotlib.pyplot as plt

from scripts.benchmark.ratios import Run

PICTURES = {
    "throughput.png": ("tokens_per_s", "tokens a second"),
    "latency.png": ("p99_ms", "99th percentile of latency, ms"),
}


def points(runs: Sequence[Run], system: str, figure: str) -> list[tuple[int, float]]:
    """Return (clients, median over the rounds) of the closed loops of one system, in order."""
    found: dict[int, list[float]] = {}
    for run in runs:
        value = float(getattr(run.outcome, figure))
        if run.system == system and run.load == "greedy" and value == value:
            found.setdefault(run.clients, []).append(value)
    return [(clients, statistics.median(values)) for clients, values in sorted(found.items())]


def draw(runs: Sequence[Run], folder: Path) -> list[Path]:
    """Write the pictures to `folder` and return their paths."""
    systems = list(dict.fromkeys(run.system for run in runs))
    paths = []
    for name, (figure, label) in PICTURES.items():
        canvas, axes = plt.subplots(figsize=(7, 4.5), layout="constrained")
        for system in systems:
            line = points(runs, system, figure)
            if line:
                axes.plot(*zip(*line, strict=True), marker="o", label=system)
        axes.set(xscale="log", yscale="log", xlabel="clients (closed loop)", ylabel=label)
        counts = sorted({run.clients for run in runs if run.load == "greedy"})
        axes.set_xticks(counts, [str(count) for count in counts], minor=False)
        axes.minorticks_off()
        axes.grid(alpha=0.3)
        axes.legend(fontsize="small")
        canvas.savefig(folder / name, dpi=110)
        plt.close(canvas)
        paths.append(folder / name)
    return paths
