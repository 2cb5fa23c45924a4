"""What a person reads: the runs, the settings, the ratios with median and spread."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping, Sequence

from scripts.benchmark.floor import Floor
from scripts.benchmark.plan import Trial
from scripts.benchmark.ratios import RATIOS, Run, Spread

FIGURES = ("requests_per_s", "tokens_per_s", "p50_ms", "p99_ms")


def runs_table(runs: Sequence[Run]) -> list[str]:
    """Return one line a load: medians over the rounds, and all that went wrong."""
    keys = list(dict.fromkeys((run.system, run.load, run.clients) for run in runs))
    lines = [
        f"{'system':20} {'load':12} {'clients':>7} {'req/s':>8} {'tokens/s':>9} "
        f"{'p50 ms':>9} {'p99 ms':>9} errors unfinished wrong"
    ]
    for key in keys:
        found = [r.outcome for r in runs if (r.system, r.load, r.clients) == key]
        requests, tokens, p50, p99 = (
            statistics.median(float(getattr(one, figure)) for one in found) for figure in FIGURES
        )
        lines.append(
            f"{key[0]:20} {key[1]:12} {key[2] or '':>7} {requests:8.1f} {tokens:9.0f} "
            f"{p50:9.1f} {p99:9.1f} {sum(one.errors for one in found):6} "
            f"{sum(one.unfinished for one in found):10} {sum(one.wrong for one in found):5}"
        )
    return lines


def settings_table(trials: Mapping[str, Sequence[Trial]], best: Mapping[str, Trial]) -> list[str]:
    """Return one line a system: what each thread setting reached, the chosen one marked."""
    lines = ["threads (workers x threads of a product), tokens/s in the trial; * is measured"]
    for name, each in trials.items():
        cells = (
            f"{trial.threads} {trial.tokens_per_s:.0f}{'*' if trial == best[name] else ''}"
            for trial in each
        )
        lines.append(f"{name:20} {'   '.join(cells)}")
    return lines


def floor_table(floors: Iterable[Floor]) -> list[str]:
    """Return one line a batch size."""
    lines = [
        f"{'floor: rows':>11} {'products ms':>11} {'step ms':>8} {'tokens/s':>9} "
        f"{'with encoder':>12}"
    ]
    lines += [
        f"{floor.rows:11} {1000 * floor.products_s:11.2f} {1000 * floor.engine_s:8.2f} "
        f"{floor.tokens_per_s:9.0f} {floor.with_encoder:12.0f}"
        for floor in floors
    ]
    return lines


def ratios_table(spreads: Mapping[str, Spread]) -> list[str]:
    """Return one line a ratio: median, spread, and whether it meets what is required."""
    bounds = {ratio.name: ratio for ratio in RATIOS}
    lines = [f"{'ratio':44} {'median':>9} {'lowest':>9} {'highest':>9}  required  goal"]
    for name, spread in spreads.items():
        line = f"{name:44} {spread.median:9.2f} {spread.low:9.2f} {spread.high:9.2f}"
        ratio = bounds.get(name)
        if ratio:
            marks = (
                _mark(spread.median, bound, ratio.at_most) for bound in (ratio.required, ratio.goal)
            )
            line += "  " + "  ".join(f"{mark:8}" for mark in marks)
        lines.append(line.rstrip())
    return lines


def _mark(value: float, bound: float | None, at_most: bool) -> str:
    if bound is None:
        return "-"
    met = value <= bound if at_most else value >= bound
    return f"{'≤' if at_most else '≥'}{bound:g} {'met' if met else 'MISSED'}"
