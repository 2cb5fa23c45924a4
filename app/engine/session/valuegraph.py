"""The graph of a decoder of numbers: several steps, each fed what the one before returned."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from app.artifacts.manifest import Manifest
from app.engine.session.graph import Graph, RowGraph, Tensors


class ValueGraph(RowGraph):
    """The graphs of one decoder whose steps return a value of `features` numbers."""

    def __init__(self, step: Any, manifest: Manifest, features: int, exact: bool) -> None:
        """Wrap `step`, the loaded signature; if `exact`, run it on 16 rows at a time."""
        super().__init__(step, manifest, exact)
        self._features = features
        rows, values = tf.TensorSpec([None], tf.int32), tf.TensorSpec([None, features], tf.float32)
        batch = [self._state_specs, self._memory_specs, rows, values]
        self.steps = Graph(self._advance, [*batch, tf.TensorSpec([], tf.int32)])

    def _advance(
        self, states: Tensors, memories: Tensors, parents: Any, values: Any, steps: Any
    ) -> Tensors:
        states = {name: tf.gather(value, parents) for name, value in states.items()}

        def body(at: Any, value: Any, states: Tensors, found: Any) -> Any:
            outputs, states = self._model({"value": value}, states, memories)
            return at + 1, outputs["value"], states, found.write(at, outputs["value"])

        found = tf.TensorArray(tf.float32, steps, element_shape=[None, self._features])
        start = (tf.constant(0), values, states, found)
        _, _, states, found = tf.while_loop(lambda at, *_: at < steps, body, start)
        return {"states": states, "values": found.stack()}  # [steps, rows, features]
