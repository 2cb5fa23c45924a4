"""Which loads each system gets: pure functions of the options and of what a trial has found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from scripts.benchmark.load.outcome import Outcome
from scripts.benchmark.load.pattern import STREAM, Load
from scripts.benchmark.systems import ARGOS, CT2_INT8, DRAGOMAN, PREDICT_LOOP, System, Threads

CLIENTS = (1, 4, 16, 64, 256)
SHARES = (0.5, 0.8)
"""Of the best static server's capacity, for arrivals at random."""
LISTED = 64


@dataclass(frozen=True)
class Scale:
    """How long, and with how many clients."""

    clients: tuple[int, ...] = CLIENTS
    seconds: float = 4.0


@dataclass(frozen=True)
class Trial:
    """What one thread setting of a system reached: tokens and requests a second."""

    threads: Threads
    tokens_per_s: float
    requests_per_s: float


def trial_loads(system: System, scale: Scale) -> list[Load]:
    """Return the loads that choose a setting; the last is for the capacity of a static server."""
    beam = 4 if system.name == ARGOS else 1
    seconds = scale.seconds * system.patience
    loads = [Load("trial", clients=system.trial, seconds=seconds, beam_size=beam)]
    if system.batches:
        loads.append(Load("trial", clients=CLIENTS[-1], seconds=seconds))
    return loads


def trial_result(threads: Threads, outcomes: Sequence[Outcome]) -> Trial:
    """Return what a setting reached: its tokens in the first load, its requests in the best."""
    most = max(outcome.requests_per_s for outcome in outcomes)
    return Trial(threads, outcomes[0].tokens_per_s, most)


def best_setting(trials: Sequence[Trial]) -> Trial:
    """Return the trial with the most tokens a second, the first among equals."""
    return max(trials, key=lambda trial: trial.tokens_per_s)


def capacity(systems: Sequence[System], best: Mapping[str, Trial]) -> float:
    """Return the requests a second of the best static server; 0 if none takes part."""
    found = [best[system.name].requests_per_s for system in systems if system.batches]
    return max(found, default=0.0)


def loads(system: System, scale: Scale, capacity: float) -> list[Load]:
    """Return the loads of one round on `system`."""
    seconds = scale.seconds * system.patience
    counts = [n for n in scale.clients if system.clients is None or n in system.clients]
    if system.name == ARGOS:
        return [Load("beam 4", clients=n, seconds=seconds, beam_size=4) for n in counts]
    found = [Load("greedy", clients=n, seconds=seconds) for n in counts]
    if capacity and system.name != PREDICT_LOOP:
        found += [
            Load(f"open {share:.0%}", "open", 0, share * capacity, seconds) for share in SHARES
        ]
    if 64 in scale.clients and system.name in (DRAGOMAN, CT2_INT8):
        found.append(Load("beam 4", clients=64, seconds=seconds, beam_size=4))
    if 64 in scale.clients and system.name == DRAGOMAN:
        found += [
            Load("burst of 64", "burst", LISTED, seconds=seconds),
            Load("list of 64", clients=1, seconds=seconds, listed=LISTED),
            Load("stream", clients=64, seconds=seconds, path=STREAM),
        ]
    return found
