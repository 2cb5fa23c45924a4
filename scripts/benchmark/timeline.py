"""The running batch over time: which request holds which row in which call; numbers, a picture.

    python -m scripts.benchmark.timeline models/translate-en-fr/1 --beam 1 --out batch.png

Requests arrive at random in one process, without HTTP; every call of the backend is recorded. With
`--json` it prints the shares of the time alone, and draws nothing.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

import matplotlib as mpl

mpl.use("Agg")

import matplotlib.pyplot as plt

from app.artifacts.manifest import TokenDecoding
from app.artifacts.store import Artifact, open_artifact
from app.engine.backend import Backend, Encoded, Ints, StepResult, StepsResult
from app.engine.backend import Source as Tensors
from app.engine.config import EngineConfig
from app.engine.cpus import available_cpus, has_int8_units
from app.engine.engine import Engine
from app.engine.observer import NullObserver
from app.tasks.loaded import LoadedModel, load_tokenizers
from app.tasks.options import Options
from scripts.benchmark.sources import sources_of
from scripts.training.asking import Source, requests_of

E = TypeVar("E", bound=Encoded)
FREE = -1
"""The owner of a row that has ended and is fed the end token until it is dropped."""


@dataclass(frozen=True)
class Call:
    """One call of the backend: times in seconds, and which request each row belonged to.

    `owners` of an `encode` are those who are encoded; requests are numbered as they join.
    """

    kind: str
    began: float
    ended: float
    owners: tuple[int, ...]
    steps: int = 0


class RecordingBackend(Generic[E]):
    """Passes everything on to `backend` and writes down who had which row."""

    def __init__(self, backend: Backend[E], eos: int, clock: Callable[[], float]) -> None:
        """Record calls of `backend`; a row that is fed `eos` is free."""
        self.calls: list[Call] = []
        self._backend, self._eos, self._clock = backend, eos, clock
        self._owners: list[int] = []
        self._joined = 0

    def encode(self, sources: Sequence[Tensors]) -> E:
        """Encode, and record it under the numbers that the sources will have."""
        began = self._clock()
        encoded = self._backend.encode(sources)
        self._add("encode", began, range(self._joined, self._joined + len(sources)))
        return encoded

    def join(self, encoded: E, keep: Ints, repeats: Ints) -> None:
        """Join, and number the new sources."""
        began = self._clock()
        self._backend.join(encoded, keep, repeats)
        fresh = [
            self._joined + place for place, width in enumerate(repeats) for _ in range(int(width))
        ]
        self._joined += len(repeats)
        self._owners = [self._owners[row] for row in keep] + fresh
        self._add("join", began, self._owners)

    def advance(
        self, parents: Ints, tokens: Ints, probes: Ints, fetch: int, want_attention: bool
    ) -> StepResult:
        """Take one step."""
        began = self._clock()
        result = self._backend.advance(parents, tokens, probes, fetch, want_attention)
        self._stepped(began, parents, tokens, 1)
        return result

    def advance_greedy(self, parents: Ints, tokens: Ints, steps: int) -> StepsResult:
        """Take several steps."""
        began = self._clock()
        result = self._backend.advance_greedy(parents, tokens, steps)
        self._stepped(began, parents, tokens, result.ids.shape[1])
        return result

    def reset(self) -> None:
        """Forget all rows."""
        self._owners = []
        self._backend.reset()

    def _stepped(self, began: float, parents: Ints, tokens: Ints, steps: int) -> None:
        self._owners = [
            FREE if token == self._eos else self._owners[parent]
            for parent, token in zip(parents.tolist(), tokens.tolist(), strict=True)
        ]
        self._add("step", began, self._owners, steps)

    def _add(self, kind: str, began: float, owners: Sequence[int], steps: int = 0) -> None:
        self.calls.append(Call(kind, began, self._clock(), tuple(owners), steps))


def record(
    artifact: Artifact, sources: Sequence[Source], rate: float, options: Options
) -> list[Call]:
    """Decode `sources`, of which `rate` a second arrive at random (`inf`: all at once).

    Returns:
        The calls, the first at time 0.
    """
    from app.engine.session import Session

    decoding = artifact.manifest.decoding
    assert isinstance(decoding, TokenDecoding), "the benchmark runs token models: this is a bug"
    config = EngineConfig(intra_threads=available_cpus())
    session = Session(
        artifact,
        device="cpu",
        threads=(config.intra_threads, 2),
        exact=False,
        int8=has_int8_units(),
    )
    session.warm_up()
    backend: RecordingBackend[Any] = RecordingBackend(session, decoding.eos, time.perf_counter)
    engine = Engine(backend, decoding, config, NullObserver())
    model = LoadedModel(
        artifact, engine, *load_tokenizers(artifact), config.max_rows, config.max_waiting
    )
    items = requests_of(sources, model, options)

    async def run() -> None:
        engine.start()
        chance, waiting = random.Random(0), []  # noqa: S311 - not a secret
        for item in items:
            waiting.append(engine.submit([item]))
            await asyncio.sleep(chance.expovariate(1.0) / rate)
        for submission in waiting:
            await submission.results()
        await asyncio.to_thread(engine.close)

    asyncio.run(run())
    start = backend.calls[0].began
    return [
        Call(call.kind, call.began - start, call.ended - start, call.owners, call.steps)
        for call in backend.calls
    ]


def shares(calls: Sequence[Call]) -> dict[str, float]:
    """Return the share of the time from the first to the last call that each kind takes.

    `between` is the engine's own Python and its waiting.
    """
    whole = calls[-1].ended - calls[0].began
    found = {
        kind: sum(call.ended - call.began for call in calls if call.kind == kind) / whole
        for kind in ("encode", "join", "step")
    }
    return {**found, "between": 1.0 - sum(found.values())}


def draw(calls: Sequence[Call], path: Path, most: float) -> None:
    """Write a PNG of the first `most` seconds: time to the right, rows upwards, a colour a request.

    Grey columns are encoding; pale cells are rows that have ended and are not yet dropped.
    """
    colours = plt.get_cmap("tab20").colors
    figure, axes = plt.subplots(figsize=(9, 4.5), layout="constrained")
    for call in calls:
        span = (1000 * call.began, 1000 * (call.ended - call.began))
        if call.began > most:
            break
        if call.kind == "encode":
            axes.axvspan(span[0], sum(span), color="0.75", linewidth=0)
        if call.kind == "step":
            for row, owner in enumerate(call.owners):
                colour = "0.93" if owner == FREE else colours[owner % len(colours)]
                axes.broken_barh([span], (row, 0.9), facecolors=[colour], linewidth=0)
    axes.set(xlabel="milliseconds", ylabel="row of the batch", xlim=(0, 1000 * most))
    figure.savefig(path, dpi=110, metadata={"Software": None})
    plt.close(figure)


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("artifact", type=Path)
    parser.add_argument("--data", type=Path, default=os.environ.get("DRAGOMAN_DATA"))
    parser.add_argument("--count", type=int, default=64, help="how many requests")
    parser.add_argument("--rate", type=float, default=100.0, help="arrivals a second")
    parser.add_argument("--beam", type=int, help="default: what the model does by default")
    parser.add_argument("--seconds", type=float, default=0.5, help="how much of it to draw")
    parser.add_argument("--out", type=Path, default=Path("docs/benchmarks/batch.png"))
    parser.add_argument("--json", action="store_true", help="print the shares as JSON, no picture")
    args = parser.parse_args()
    artifact = open_artifact(args.artifact)
    sources = sources_of(artifact.manifest, args.data)
    options = Options(beam_size=args.beam)
    calls = record(artifact, sources[: args.count], args.rate, options)
    found = shares(calls)
    if args.json:
        print(json.dumps(found))
        return
    draw(calls, args.out, args.seconds)
    print(", ".join(f"{kind} {share:.0%}" for kind, share in found.items()))


if __name__ == "__main__":
    main()
