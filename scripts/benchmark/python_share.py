"""Python's share of a turn's step: all of it but TensorFlow's call.

    python -m scripts.benchmark.python_share models/translate-en-fr/1

Decodes test sentences, 64 rows at a time and without HTTP, greedily (several steps a call) and with
a beam of 4 (one step a call), and prints the shares as JSON.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from app.artifacts.store import open_artifact
from app.engine.outbox import Outbox
from app.engine.request import SequenceRequest
from app.engine.submission import Submission
from app.engine.tokens import TokenBatch
from app.tasks.options import Options
from scripts.benchmark.alone import load
from scripts.benchmark.sources import sources_of
from scripts.training.asking import requests_of

ROWS = 64


class Inside:
    """Counts the seconds inside of one of TensorFlow's operations."""

    def __init__(self, operation: Any) -> None:
        """Stand in for `operation`."""
        self.seconds = 0.0
        self._operation = operation

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        """Call it."""
        began = time.perf_counter()
        result = self._operation(*arguments, **named)
        self.seconds += time.perf_counter() - began
        return result


async def share_of(batch: TokenBatch, requests: Sequence[SequenceRequest], inside: Inside) -> float:
    """Return Python's share of the steps that decode `requests`, 64 rows of them at a time."""
    owner, outside = Submission(len(requests), None, Outbox()), 0.0
    inside.seconds, within = 0.0, 0.0
    together = ROWS // requests[0].options.beam_size
    for first in range(0, len(requests), together):
        group = requests[first : first + together]
        items = [batch.item(each, owner, 0, 0.0, bulk=False) for each in group]
        assert not batch.join(items), "encoding failed: see the log"
        before, began = inside.seconds, time.perf_counter()
        while not all(item.search.done for item in items):
            batch.advance()
        outside += time.perf_counter() - began
        within += inside.seconds - before
        batch.advance()  # nothing runs: the rows are forgotten
    return 1.0 - within / outside


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("artifact", type=Path)
    parser.add_argument("--data", type=Path, default=os.environ.get("DRAGOMAN_DATA"))
    parser.add_argument("--count", type=int, default=320, help="how many sentences")
    args = parser.parse_args()
    artifact = open_artifact(args.artifact)
    batch, model = load(artifact)
    import tensorflow as tf

    inside = Inside(tf.raw_ops.StatefulPartitionedCall)
    tf.raw_ops.StatefulPartitionedCall = inside  # what `app.engine.session.graph` calls
    sources = sources_of(artifact.manifest, args.data)[: args.count]
    found = {}
    for beam in (1, 4):
        requests = requests_of(sources, model, Options(beam_size=beam))
        asyncio.run(share_of(batch, requests[:ROWS], inside))  # warms up
        found[f"beam {beam}"] = round(asyncio.run(share_of(batch, requests, inside)), 3)
    print(json.dumps(found))


if __name__ == "__main__":
    main()
