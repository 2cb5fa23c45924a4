"""Carry the plan out: trials of the settings, then rounds in which every system takes its turn."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from scripts.benchmark.answers import Reference
from scripts.benchmark.load.drive import Job, drive
from scripts.benchmark.load.pattern import Load, questions
from scripts.benchmark.plan import (
    Scale,
    Trial,
    best_setting,
    loads,
    trial_loads,
    trial_result,
)
from scripts.benchmark.ratios import Run
from scripts.benchmark.server import Running, Subject, running
from scripts.benchmark.systems import DRAGOMAN, System


def warm_up(system: System) -> Load:
    """Return the load that comes first; where requests take seconds, one client's.

    A server goes on with what its clients have given up: that would delay the next load.
    """
    return Load("warm-up", clients=1 if system.patience > 1 else 16, seconds=1.0, settle=0.0)


@dataclass(frozen=True)
class Work:
    """What is translated, by whom it is checked, and how long it takes.

    `say` gets a line whenever something begins.
    """

    subject: Subject
    texts: Sequence[str]
    right: Reference
    scale: Scale
    say: Callable[[str], None]


@dataclass
class Starts:
    """How systems started: seconds until ready and resident bytes, by system."""

    ready_s: dict[str, list[float]] = field(default_factory=dict)
    resident: dict[str, list[int]] = field(default_factory=dict)

    def add(self, system: str, server: Running) -> None:
        """Note one start."""
        self.ready_s.setdefault(system, []).append(server.ready_s)
        self.resident.setdefault(system, []).append(server.resident)


def try_settings(system: System, work: Work) -> list[Trial]:
    """Return what `system` reaches with each of its settings; a lone setting is tried too."""
    found = []
    for threads in system.settings:
        work.say(f"trial: {system.name} {threads}")
        with running(system, threads, work.subject) as server:
            asked = [warm_up(system), *trial_loads(system, work.scale)]
            outcomes = drive(server.url, _jobs(system, asked, work))[1:]
        found.append(trial_result(threads, outcomes))
    return found


def choose(
    systems: Sequence[System], work: Work
) -> tuple[dict[str, list[Trial]], dict[str, Trial]]:
    """Return all trials, and the best of each system."""
    trials = {system.name: try_settings(system, work) for system in systems}
    return trials, {name: best_setting(each) for name, each in trials.items()}


def one_round(
    number: int,
    systems: Sequence[System],
    best: Mapping[str, Trial],
    capacity: float,
    work: Work,
    starts: Starts,
) -> list[Run]:
    """Start each system in turn, warm it up, put every load on it, stop it."""
    runs = []
    for system in systems:
        work.say(f"round {number}: {system.name} {best[system.name].threads}")
        with running(system, best[system.name].threads, work.subject) as server:
            starts.add(system.name, server)
            asked = loads(system, work.scale, capacity)
            outcomes = drive(server.url, _jobs(system, [warm_up(system), *asked], work))
        runs += [
            Run(number, system.name, load.name, load.clients, outcome)
            for load, outcome in zip(asked, outcomes[1:], strict=True)
        ]
    return runs


def _jobs(system: System, asked: Sequence[Load], work: Work) -> list[Job]:
    right = work.right.ours if system.name == DRAGOMAN else work.right.texts
    answers = right if system.translates else {}
    return [(load, questions(work.texts, load, answers)) for load in asked]
