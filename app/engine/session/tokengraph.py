"""The graphs of a decoder of tokens: a step, and several greedy steps."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from app.artifacts.manifest import Manifest, TokenDecoding
from app.engine.backend import MOST_CANDIDATES
from app.engine.session.graph import EXACT_ROWS, Graph, RowGraph, Tensors
from app.engine.session.greedy import greedy_steps
from app.engine.session.logits import best_allowed, log_total, top

FETCHES = (1, 8, 64, MOST_CANDIDATES)
TOTAL = "total"  # beside the model's outputs: the log of the sum of exp(logits) [rows, 1]


class TokenGraph(RowGraph):
    """The graphs of one decoder whose steps return logits."""

    def __init__(self, step: Any, manifest: Manifest, decoding: TokenDecoding, exact: bool) -> None:
        """Wrap `step`, the loaded signature; if `exact`, run it on 16 rows at a time."""
        super().__init__(step, manifest, exact)
        self._attends = manifest.attends
        self._decoding = decoding
        self._vocabulary = int(step.structured_outputs["logits"].shape[-1])
        self._steps_by_kind: dict[tuple[int, bool], Any] = {}
        rows, scalar = tf.TensorSpec([None], tf.int32), tf.TensorSpec([], tf.int32)
        batch = [self._state_specs, self._memory_specs, rows, rows]
        self.steps = Graph(self._greedy, [*batch, scalar])

    def step(self, fetch: int, attention: bool) -> Any:
        """Return the graph of one step that returns at least `fetch` candidates a row."""
        level = next((level for level in FETCHES if level >= fetch), FETCHES[-1])
        kind = min(level, self._vocabulary), attention and self._attends
        if kind not in self._steps_by_kind:
            rows, probes = tf.TensorSpec([None], tf.int32), tf.TensorSpec([None, None], tf.int32)
            self._steps_by_kind[kind] = Graph(
                lambda *inputs: self._step(*kind, *inputs),
                [self._state_specs, self._memory_specs, rows, rows, probes],
            )
        return self._steps_by_kind[kind]

    def _whole(self, feeds: Tensors) -> Tensors:
        outputs = super()._whole(feeds)
        return {**outputs, TOTAL: log_total(outputs["logits"])}

    def _specs(self) -> Tensors:
        return {**super()._specs(), TOTAL: tf.TensorSpec([EXACT_ROWS, 1], tf.float32)}

    def _step(
        self, fetch: int, attention: bool, states: Tensors, memories: Tensors, *rows: Any
    ) -> Tensors:
        parents, tokens, probes = rows
        states = {name: tf.gather(value, parents) for name, value in states.items()}
        outputs, states = self._model({"token": tokens}, states, memories)
        total = outputs[TOTAL]
        best, ids = top(outputs["logits"], fetch)
        asked = tf.gather(outputs["logits"], probes, batch_dims=1)
        result = {"states": states, "ids": ids, "best": best - total, "probes": asked - total}
        return {**result, "attention": outputs["attention"]} if attention else result

    def _greedy(
        self, states: Tensors, memories: Tensors, parents: Any, tokens: Any, steps: Any
    ) -> Tensors:
        """Feed each row its best allowed id, `steps` times or until every row has ended."""
        states = {name: tf.gather(value, parents) for name, value in states.items()}

        def step(tokens: Any, states: Tensors, memories: Tensors) -> tuple[Any, Any, Tensors]:
            outputs, states = self._model({"token": tokens}, states, memories)
            chosen = best_allowed(outputs["logits"], self._decoding.never)
            best = tf.gather(outputs["logits"], chosen[:, None], batch_dims=1)
            return chosen, (best - outputs[TOTAL])[:, 0], states

        # Exact mode keeps its chunks of 16 rows.
        return greedy_steps(
            *(step, self._decoding.eos, states, memories, tokens, steps), leave=not self._exact
        )
