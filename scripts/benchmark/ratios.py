"""Ratios of one round, and their median and spread over rounds."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass

from scripts.benchmark.load.outcome import Outcome
from scripts.benchmark.systems import (
    ARGOS,
    CT2_FLOAT32,
    CT2_INT8,
    DRAGOMAN,
    LITSERVE,
    PREDICT_LOOP,
    RAYSERVE,
)

TOKENS, P50, P99 = "tokens_per_s", "p50_ms", "p99_ms"
STATIC = (LITSERVE, RAYSERVE)


@dataclass(frozen=True)
class Run:
    """One load on one system in one round."""

    round: int
    system: str
    load: str
    clients: int
    outcome: Outcome


@dataclass(frozen=True)
class Place:
    """Where a number stands: the best of `systems` under one load, by one figure.

    The best is the highest of tokens a second and the lowest of a latency.
    """

    systems: tuple[str, ...]
    load: str
    clients: int
    figure: str

    def value(self, runs: Sequence[Run]) -> float | None:
        """Return the number; None if it was not measured."""
        found = [
            float(asdict(run.outcome)[self.figure])
            for run in runs
            if run.system in self.systems and (run.load, run.clients) == (self.load, self.clients)
        ]
        best: Callable[[list[float]], float] = max if self.figure == TOKENS else min
        found = [value for value in found if value == value]  # a load without answers has NaN
        return best(found) if found else None


@dataclass(frozen=True)
class Ratio:
    """`ours` over `theirs`, and the bounds that issue and documentation name.

    With `at_most` the ratio should be small (latencies), otherwise large.
    """

    name: str
    ours: Place
    theirs: Place
    required: float | None = None
    goal: float | None = None
    at_most: bool = False

    def value(self, runs: Sequence[Run]) -> float | None:
        """Return the ratio in one round; None if either side is missing or zero."""
        ours, theirs = self.ours.value(runs), self.theirs.value(runs)
        return ours / theirs if ours is not None and theirs else None


@dataclass(frozen=True)
class Spread:
    """A ratio over the rounds: median, lowest, highest."""

    median: float
    low: float
    high: float


def _greedy(figure: str, clients: int, *systems: str) -> Place:
    return Place(systems or (DRAGOMAN,), "greedy", clients, figure)


def _load(load: str, clients: int, figure: str, *systems: str) -> Place:
    return Place(systems or (DRAGOMAN,), load, clients, figure)


def _throughput(name: str, required: float | None, goal: float | None, *systems: str) -> Ratio:
    ours, theirs = _greedy(TOKENS, 64), _greedy(TOKENS, 64, *systems)
    return Ratio(f"tokens_64_clients_vs_{name}", ours, theirs, required, goal)


def _latency(name: str, required: float | None, goal: float | None, *systems: str) -> Ratio:
    ours, theirs = _greedy(P50, 1), _greedy(P50, 1, *systems)
    return Ratio(f"latency_1_client_vs_{name}", ours, theirs, required, goal, at_most=True)


def _tail(name: str, *systems: str) -> Ratio:
    ours, theirs = _greedy(P99, 64), _greedy(P99, 64, *systems)
    return Ratio(f"p99_64_clients_vs_{name}", ours, theirs, 1.0, at_most=True)


_BEAM = _load("beam 4", 64, TOKENS)

RATIOS = (
    _throughput("predict_loop", 200, None, PREDICT_LOOP),
    _throughput("static", 2, None, *STATIC),
    _throughput("ctranslate2_float32", 1.2, None, CT2_FLOAT32),
    _throughput("ctranslate2_int8", 0.7, 1.2, CT2_INT8),
    _tail("predict_loop", PREDICT_LOOP),
    _tail("static", *STATIC),
    _tail("ctranslate2_float32", CT2_FLOAT32),
    _latency("static", 1.0, None, *STATIC),
    _latency("ctranslate2_float32", 1.5, None, CT2_FLOAT32),
    _latency("ctranslate2_int8", None, 1.0, CT2_INT8),
    _latency("predict_loop", None, None, PREDICT_LOOP),
    Ratio(
        "p99_open_50_vs_static",
        _load("open 50%", 0, P99),
        _load("open 50%", 0, P99, *STATIC),
        at_most=True,
    ),
    Ratio(
        "p99_open_80_vs_static",
        _load("open 80%", 0, P99),
        _load("open 80%", 0, P99, *STATIC),
        0.4,
        at_most=True,
    ),
    Ratio("beam4_vs_greedy_64_clients", _BEAM, _greedy(TOKENS, 64), 0.2),
    Ratio("beam4_64_clients_vs_argos", _BEAM, _load("beam 4", 64, TOKENS, ARGOS), 1.2),
    Ratio(
        "beam4_64_clients_vs_ctranslate2_int8",
        _BEAM,
        _load("beam 4", 64, TOKENS, CT2_INT8),
        goal=1.0,
    ),
    Ratio(
        "list_of_64_vs_64_clients",
        _load("list of 64", 1, P50),
        _load("burst of 64", 64, P50),
        1.3,
        at_most=True,
    ),
    Ratio("stream_vs_plain_64_clients", _load("stream", 64, TOKENS), _greedy(TOKENS, 64), 0.6),
)


def ratios_of(runs: Sequence[Run]) -> dict[str, list[float]]:
    """Return each ratio's values, one a round; a ratio that was never measured is left out."""
    rounds = sorted({run.round for run in runs})
    by_round = [[run for run in runs if run.round == number] for number in rounds]
    found = {ratio.name: [ratio.value(part) for part in by_round] for ratio in RATIOS}
    values = {name: [v for v in each if v is not None] for name, each in found.items()}
    return {name: each for name, each in values.items() if each}


def spreads(values: Mapping[str, Sequence[float]]) -> dict[str, Spread]:
    """Return median, lowest and highest of each list; none is empty."""
    return {
        name: Spread(statistics.median(each), min(each), max(each)) for name, each in values.items()
    }
