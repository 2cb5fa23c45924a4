"""How fast artifacts decode beside each other."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack

from app.artifacts.store import Artifact
from scripts.training.decoding import Decoder


def decode_speeds(
    artifacts: Mapping[str, Artifact], texts: Sequence[str], rounds: int = 3
) -> dict[str, float]:
    """Return how many tokens each artifact writes in a second of processor time, greedily.

    All are loaded at once, and take turns: a machine that others use is then as slow for one as for
    another. The best of the rounds counts; one before them warms up.
    """
    speeds = dict.fromkeys(artifacts, 0.0)
    with ExitStack() as stack:
        decoders = {
            name: stack.enter_context(Decoder(artifact)) for name, artifact in artifacts.items()
        }
        for number in range(rounds + 1):
            for name, decoder in decoders.items():
                started = time.process_time()
                tokens = decoder.decode_texts(texts, 1).tokens
                if number:
                    speeds[name] = max(speeds[name], tokens / (time.process_time() - started))
    return speeds
