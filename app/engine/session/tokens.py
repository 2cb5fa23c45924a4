"""A loaded model that decodes tokens."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

from app.artifacts.manifest import TokenDecoding
from app.engine.backend import Ints, StepResult, StepsResult
from app.engine.session.rows import RowSession
from app.engine.session.tokengraph import FETCHES, TokenGraph


class Session(RowSession):
    """The running rows of one model of tokens; satisfies `Backend[EncodedBatch]`."""

    _graph: TokenGraph

    def _trace(self, step: Any) -> TokenGraph:
        decoding = self._manifest.decoding
        assert isinstance(decoding, TokenDecoding), "Engine.load chooses: this is a bug"
        self._eos = decoding.eos
        self._banned = bool(decoding.never)
        return TokenGraph(step, self._manifest, decoding, self._exact)

    def _step_all(self, parents: Ints) -> None:
        tokens, no_probes = np.array([0, 1], np.int32), np.zeros((2, 0), np.int32)
        for attention in {False, self._manifest.attends}:
            # One candidate is enough only where no id is banned: greedy then, and for labels.
            for fetch in FETCHES[1:] if self._banned else FETCHES:
                self.advance(parents, tokens, no_probes, fetch, attention)
        self.advance_greedy(np.arange(len(parents), dtype=np.int32), tokens, 1)

    def advance(
        self, parents: Ints, tokens: Ints, probes: Ints, fetch: int, want_attention: bool
    ) -> StepResult:
        """Take one step of all rows in one graph call."""
        rows = len(parents)
        parents, tokens, probes = (self._pad(array) for array in (parents, tokens, probes))
        self._move(parents)
        with tf.device(self._device):
            outputs = self._graph.step(fetch, want_attention)(
                self._states, self._memories, parents, tokens, probes
            )
        self._states = outputs["states"]
        attention = outputs.get("attention")
        return StepResult(
            outputs["ids"].numpy()[:rows],
            outputs["best"].numpy()[:rows],
            outputs["probes"].numpy()[:rows],
            None if attention is None else attention.numpy()[:rows],
        )

    def advance_greedy(self, parents: Ints, tokens: Ints, steps: int) -> StepsResult:
        """Take up to `steps` greedy steps of all rows in one graph call."""
        rows = len(parents)
        parents = self._pad(parents)
        tokens = np.pad(tokens, (0, len(parents) - rows), constant_values=self._eos)
        self._move(parents)
        with tf.device(self._device):
            outputs = self._graph.steps(
                self._states, self._memories, parents, tokens, np.int32(steps)
            )
        self._states = outputs["states"]
        ids, gains = outputs["ids"].numpy(), outputs["best"].numpy()
        return StepsResult(ids.T[:rows], gains.T[:rows])
