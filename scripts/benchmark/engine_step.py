"""The engine's own decode step, for comparison with the floor: `Session` without a server."""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np

from app.artifacts.store import Artifact
from app.engine.session import EncodedBatch, Session
from app.text.normalizer import normalize
from app.text.tokenizer import BOS, EOS, Tokenizer


class EngineStep:
    """Times greedy steps of one batch from its beginning, again and again."""

    def __init__(self, artifact: Artifact, session: Session, sentences: Sequence[str]) -> None:
        """Use `session`, which holds no rows, on `sentences` in their order."""
        assert artifact.manifest.text is not None, "the benchmark runs text models: this is a bug"
        tokenizer = Tokenizer.load(artifact.folder / artifact.manifest.text.source_file)
        encoded = tokenizer.encode_batch([normalize(text) for text in sentences])
        self._sources = [np.array([*ids, EOS], np.int32) for ids in encoded]
        self._session = session
        self._batch: EncodedBatch | None = None
        self._rows = 0

    def take(self, rows: int) -> int:
        """Encode `rows` sources; return their width."""
        sources = self._sources[:rows]
        assert len(sources) == rows, "too few sentences for the floor: this is a bug"
        self._batch = self._session.encode([{"tokens": source} for source in sources])
        self._rows = rows
        return max(len(source) for source in sources)

    def seconds(self, steps: int) -> float:
        """Return the seconds of one of `steps` steps taken in one call."""
        assert self._batch is not None, "take() first: this is a bug"
        self._session.reset()
        parents = np.arange(self._rows, dtype=np.int32)
        self._session.join(self._batch, parents[:0], np.ones(self._rows, np.int32))
        tokens = np.full(self._rows, BOS, np.int32)
        started = time.perf_counter()
        found = self._session.advance_greedy(parents, tokens, steps)
        return (time.perf_counter() - started) / found.ids.shape[1]
