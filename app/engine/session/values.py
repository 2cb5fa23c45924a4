"""A loaded model that decodes numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

from app.artifacts.manifest import ValueDecoding
from app.engine.backend import Floats, Ints, ValuesResult
from app.engine.session.rows import RowSession
from app.engine.session.valuegraph import ValueGraph


class ValueSession(RowSession):
    """The running rows of one model of numbers; satisfies `ValueBackend[EncodedBatch]`."""

    _graph: ValueGraph

    def _trace(self, step: Any) -> ValueGraph:
        decoding = self._manifest.decoding
        assert isinstance(decoding, ValueDecoding), "Engine.load chooses: this is a bug"
        self._features = len(decoding.start)
        return ValueGraph(step, self._manifest, self._features, self._exact)

    def _step_all(self, parents: Ints) -> None:
        self.advance_values(parents, np.zeros((len(parents), self._features), np.float32), 1)

    def advance_values(self, parents: Ints, values: Floats, steps: int) -> ValuesResult:
        """Take `steps` steps of all rows in one graph call."""
        rows = len(parents)
        parents, values = self._pad(parents), self._pad(values)
        self._move(parents)
        with tf.device(self._device):
            outputs = self._graph.steps(
                self._states, self._memories, parents, values, np.int32(steps)
            )
        self._states = outputs["states"]
        return ValuesResult(outputs["values"].numpy().swapaxes(0, 1)[:rows])
