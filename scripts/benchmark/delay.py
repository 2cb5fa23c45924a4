"""How long a stream of beam search holds back what is decoded, until no live hypothesis differs.

    python -m scripts.benchmark.delay models/translate-en-fr/1 --beam 4

Decodes test sentences together, without HTTP, and prints JSON: the median and the 90th percentile
of the steps, and of the milliseconds, between the step that decoded a token of the answer and the
one after which a stream tells it; and the share of the tokens that it tells only at the end.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from app.artifacts.store import open_artifact
from app.engine.outbox import Outbox
from app.engine.request import SequenceRequest
from app.engine.submission import Submission
from app.engine.tokens import TokenBatch, TokenItem
from app.tasks.options import Options
from scripts.benchmark.alone import load
from scripts.benchmark.sources import sources_of
from scripts.training.asking import requests_of

TOGETHER = 16
"""Sentences that are decoded at once."""


@dataclass
class Delays:
    """Of every token of every answer: the steps and seconds it waited, and whether to the end."""

    steps: list[int] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    at_the_end: list[bool] = field(default_factory=list)

    def summary(self) -> dict[str, float]:
        """Return the figures that are published."""
        milliseconds = 1000 * np.array(self.seconds)
        return {
            "tokens": len(self.steps),
            "median_steps": float(np.median(self.steps)),
            "p90_steps": float(np.percentile(self.steps, 90)),
            "median_ms": round(float(np.median(milliseconds)), 2),
            "p90_ms": round(float(np.percentile(milliseconds, 90)), 2),
            "share_at_the_end": round(float(np.mean(self.at_the_end)), 3),
        }


class Watch:
    """Follows the items of one batch, turn by turn."""

    def __init__(self, items: Sequence[TokenItem], clock: Callable[[], float]) -> None:
        """Watch `items`, of which nothing is decoded yet; one turn is one step of all of them."""
        self._told = {id(item): 0 for item in items}
        self._running = list(items)
        self._clock = clock
        self._decoded_at: list[float] = []
        self.delays = Delays()

    def look(self) -> bool:
        """Note what the step that was just taken tells; return whether anything still runs."""
        self._decoded_at.append(self._clock())
        for item in self._running:
            told, sure = self._told[id(item)], len(item.search.stable())
            for place in range(told, sure):  # the token at `place` is of step `place` + 1
                self.delays.steps.append(len(self._decoded_at) - place - 1)
                self.delays.seconds.append(self._decoded_at[-1] - self._decoded_at[place])
                self.delays.at_the_end.append(item.search.done)
            self._told[id(item)] = max(told, sure)
        self._running = [item for item in self._running if not item.search.done]
        return bool(self._running)


async def measure(batch: TokenBatch, requests: Sequence[SequenceRequest]) -> Delays:
    """Decode `requests`, which must not begin with forced tokens, in `batch`."""
    owner, found = Submission(len(requests), None, Outbox()), Delays()
    for first in range(0, len(requests), TOGETHER):
        group = requests[first : first + TOGETHER]
        items = [batch.item(each, owner, 0, 0.0, bulk=False) for each in group]
        assert not batch.join(items), "encoding failed: see the log"
        watch = Watch(items, time.perf_counter)
        while True:
            batch.advance()
            if not watch.look():
                break
        batch.free(items)
        batch.advance()  # nothing runs: the rows are forgotten
        found.steps += watch.delays.steps
        found.seconds += watch.delays.seconds
        found.at_the_end += watch.delays.at_the_end
    return found


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("artifact", type=Path)
    parser.add_argument("--data", type=Path, default=os.environ.get("DRAGOMAN_DATA"))
    parser.add_argument("--count", type=int, default=320, help="how many sentences")
    parser.add_argument("--beam", type=int, default=4)
    args = parser.parse_args()
    artifact = open_artifact(args.artifact)
    batch, model = load(artifact)
    sources = sources_of(artifact.manifest, args.data)[: args.count]
    requests = requests_of(sources, model, Options(beam_size=args.beam))
    delays = asyncio.run(measure(batch, requests))
    print(json.dumps({"sentences": len(sources), "beam": args.beam, **delays.summary()}))


if __name__ == "__main__":
    main()
