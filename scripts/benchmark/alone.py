"""A model's batch without a thread, a queue or HTTP: what a turn does, called by hand."""

from __future__ import annotations

import time

from app.artifacts.manifest import TokenDecoding
from app.artifacts.store import Artifact
from app.engine.config import EngineConfig
from app.engine.cpus import has_int8_units, usual_threads
from app.engine.engine import Engine
from app.engine.observer import NullObserver
from app.engine.tokens import TokenBatch
from app.tasks.loaded import LoadedModel, load_tokenizers

MOST_ROWS = 100_000
"""Rows that requests may need in all: nothing waits here."""


def load(artifact: Artifact) -> tuple[TokenBatch, LoadedModel]:
    """Return a batch of the model of `artifact` as the service runs it, and the model for requests.

    The model's engine is another one and never starts.
    """
    from app.engine.session import Session

    decoding = artifact.manifest.decoding
    assert isinstance(decoding, TokenDecoding), "the benchmark runs token models: this is a bug"
    config = EngineConfig(
        intra_threads=usual_threads(), int8=has_int8_units(), max_waiting=MOST_ROWS
    )
    session = Session(
        artifact,
        device="cpu",
        threads=(config.intra_threads, config.inter_threads),
        exact=False,
        int8=config.int8,
    )
    session.warm_up()
    batch = TokenBatch(session, decoding, config, NullObserver(), time.perf_counter)
    engine = Engine(session, decoding, config, NullObserver())
    tokenizers = load_tokenizers(artifact)
    return batch, LoadedModel(artifact, engine, *tokenizers, config.max_rows, config.max_waiting)
