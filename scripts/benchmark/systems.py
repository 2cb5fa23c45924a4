"""Who is measured: how each system is started, and the thread settings that it is tried with."""

from __future__ import annotations

from dataclasses import dataclass

from scripts.benchmark.load.pattern import PLAIN

DRAGOMAN, PREDICT_LOOP = "dragoman", "predict-loop"
LITSERVE, RAYSERVE = "litserve", "rayserve"
CT2_INT8, CT2_FLOAT32, ARGOS = "ctranslate2-int8", "ctranslate2-float32", "argos"
PEERS = "scripts.benchmark.peers"


@dataclass(frozen=True)
class Threads:
    """Workers (processes or lanes) and the threads of one product in each; 0: its own default."""

    workers: int
    threads: int

    def __str__(self) -> str:
        """`2x1`, or `default`."""
        return f"{self.workers}x{self.threads}" if self.threads else "default"


EACH = (Threads(1, 1), Threads(1, 2), Threads(2, 1))


@dataclass(frozen=True)
class System:
    """One system.

    Args:
        name: what tables call it.
        module: the module to run in a process of its own.
        environment: `.venv-ENVIRONMENT` and requirements/ENVIRONMENT.txt; None: the benchmark's.
        ready: the route that answers 200 once it serves.
        settings: what to try; the best one is measured.
        options: words for its command line.
        translates: whether it has the artifact's weights, so that its answers can be right.
        batches: whether it batches requests statically.
        trial: clients of the trial that chooses among `settings`.
        clients: the numbers of clients that it is measured with; None: all.
        patience: how much longer than the others it is measured, as it may take seconds a request.
    """

    name: str
    module: str
    environment: str | None = None
    ready: str = "/readyz"
    settings: tuple[Threads, ...] = EACH
    options: tuple[str, ...] = ()
    translates: bool = True
    batches: bool = False
    trial: int = 64
    clients: tuple[int, ...] | None = None
    patience: float = 1.0


SYSTEMS = (
    System(
        DRAGOMAN,
        "app",
        settings=(Threads(1, 0), Threads(1, 1), Threads(1, 2)),
    ),
    System(PREDICT_LOOP, f"{PEERS}.predict_loop", trial=4, clients=(1, 64), patience=5.0),
    System(
        LITSERVE,
        f"{PEERS}.litserve_server",
        "bench-litserve",
        ready="/health",
        batches=True,
    ),
    System(
        RAYSERVE,
        f"{PEERS}.rayserve_server",
        "bench-rayserve",
        ready=PLAIN,
        batches=True,
    ),
    System(
        CT2_INT8,
        f"{PEERS}.ctranslate2_server",
        "bench-ctranslate2",
        options=("int8",),
        translates=False,
    ),
    System(
        CT2_FLOAT32,
        f"{PEERS}.ctranslate2_server",
        "bench-ctranslate2",
        options=("float32",),
        translates=False,
    ),
    System(
        ARGOS,
        f"{PEERS}.argos_server",
        "bench-ctranslate2",
        settings=(Threads(1, 0),),
        translates=False,
        clients=(1, 64),
    ),
)
"""In the order in which a round visits them."""


def chosen(names: list[str]) -> list[System]:
    """Return the systems of these names, in their usual order.

    Raises:
        ValueError: there is no such system.
    """
    known = {system.name for system in SYSTEMS}
    if unknown := sorted(set(names) - known):
        raise ValueError(f"no system {', '.join(unknown)}; there are {', '.join(sorted(known))}")
    return [system for system in SYSTEMS if system.name in names]
