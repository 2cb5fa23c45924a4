"""The graphs of one decoder, traced once each; row counts and source widths are left open."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from app.artifacts.manifest import Manifest, Tensor, TokenDecoding
from app.engine.backend import MOST_CANDIDATES
from app.engine.session.logits import best_allowed, log_total, top

Tensors = dict[str, Any]
EXACT_ROWS = 16  # below this many rows TensorFlow's kernels round differently
FETCHES = (1, 8, 64, MOST_CANDIDATES)


def trace_encode(encode: Any, manifest: Manifest) -> Any:
    """Return the graph of `encode`, the loaded signature: called with its inputs by name."""
    inputs = manifest.signatures.encode.inputs
    specs = {name: tf.TensorSpec(_shape(t, None), t.dtype, name) for name, t in inputs.items()}
    return _trace(lambda feeds: encode(**feeds), [specs])


class DecoderGraph:
    """The graphs of one decoder: a step, several greedy steps, rows that join, rows that move.

    Each is traced once: row counts and source widths are left open. The model's concrete function
    is called inside them, so that a step is one call from Python.
    """

    def __init__(self, step: Any, manifest: Manifest, decoding: TokenDecoding, exact: bool) -> None:
        """Wrap `step`, the loaded signature; if `exact`, run it on 16 rows at a time."""
        self._call = step
        self._exact = exact
        self._inputs = frozenset(manifest.signatures.step.inputs)
        self._tensors = manifest.signatures.encode.outputs
        self._attends = manifest.attends
        self._state_specs, self._memory_specs = (
            {name: tf.TensorSpec(_shape(t, None), t.dtype, name) for name, t in tensors.items()}
            for tensors in (manifest.states, manifest.memories)
        )
        self._decoding = decoding
        self._vocabulary = int(step.structured_outputs["logits"].shape[-1])
        self._steps_by_kind: dict[tuple[int, bool], Any] = {}
        rows, scalar = tf.TensorSpec([None], tf.int32), tf.TensorSpec([], tf.int32)
        both = {**self._state_specs, **self._memory_specs}
        batch = [self._state_specs, self._memory_specs, rows, rows]
        moved = [self._memory_specs, self._state_specs, rows, scalar]
        self.steps = _trace(self._greedy, [*batch, scalar])
        self.join = _trace(self._join, [both, both, rows, rows, scalar])
        self.move = _trace(self._move, moved)

    def step(self, fetch: int, attention: bool) -> Any:
        """Return the graph of one step that returns at least `fetch` candidates a row."""
        level = next((level for level in FETCHES if level >= fetch), FETCHES[-1])
        kind = min(level, self._vocabulary), attention and self._attends
        if kind not in self._steps_by_kind:
            rows, probes = tf.TensorSpec([None], tf.int32), tf.TensorSpec([None, None], tf.int32)
            self._steps_by_kind[kind] = _trace(
                lambda *inputs: self._step(*kind, *inputs),
                [self._state_specs, self._memory_specs, rows, rows, probes],
            )
        return self._steps_by_kind[kind]

    def empty(self, names: Sequence[str]) -> Tensors:
        """Return tensors of no rows and no width."""
        tensors = {name: self._tensors[name] for name in names}
        return {name: tf.zeros(_shape(t, 0), t.dtype) for name, t in tensors.items()}

    def _model(self, token: Any, states: Tensors, memories: Tensors) -> tuple[Any, Any, Tensors]:
        """Run the model: (outputs, log of the sum of exp(logits) [rows, 1], new states)."""
        feeds = {"token": token, **states, **memories}
        feeds = {name: feeds[name] for name in feeds if name in self._inputs}
        outputs, total = self._in_chunks(feeds) if self._exact else self._whole(feeds)
        return outputs, total, {name: outputs[name] for name in states}

    def _whole(self, feeds: Tensors) -> tuple[Tensors, Any]:
        outputs = self._call(**feeds)
        return outputs, log_total(outputs["logits"])

    def _in_chunks(self, feeds: Tensors) -> tuple[Tensors, Any]:
        """Run every 16 rows by themselves: kernels treat a batch's last rows unlike its first."""
        spec = {
            name: tf.TensorSpec([EXACT_ROWS, *output.shape[1:]], output.dtype)
            for name, output in self._call.structured_outputs.items()
        }
        results = tf.map_fn(
            self._whole,
            {name: _split(value) for name, value in feeds.items()},
            fn_output_signature=(spec, tf.TensorSpec([EXACT_ROWS, 1], tf.float32)),
        )
        outputs, total = tf.nest.map_structure(_merge, results)
        return outputs, total

    def _step(
        self, fetch: int, attention: bool, states: Tensors, memories: Tensors, *rows: Any
    ) -> Tensors:
        parents, tokens, probes = rows
        states = {name: tf.gather(value, parents) for name, value in states.items()}
        outputs, total, states = self._model(tokens, states, memories)
        best, ids = top(outputs["logits"], fetch)
        asked = tf.gather(outputs["logits"], probes, batch_dims=1)
        result = {"states": states, "ids": ids, "best": best - total, "probes": asked - total}
        return {**result, "attention": outputs["attention"]} if attention else result

    def _greedy(
        self, states: Tensors, memories: Tensors, parents: Any, tokens: Any, steps: Any
    ) -> Tensors:
        """Feed each row its best allowed id, `steps` times or until every row has ended."""
        eos = self._decoding.eos
        states = {name: tf.gather(value, parents) for name, value in states.items()}

        def unfinished(at: Any, _t: Any, ended: Any, *_: Any) -> Any:
            return tf.logical_and(at < steps, tf.logical_not(tf.reduce_all(ended)))

        def body(at: Any, token: Any, ended: Any, states: Tensors, ids: Any, gains: Any) -> Any:
            outputs, total, states = self._model(token, states, memories)
            token = best_allowed(outputs["logits"], self._decoding.never)
            best = tf.gather(outputs["logits"], token[:, None], batch_dims=1)
            ids, gains = ids.write(at, token), gains.write(at, (best - total)[:, 0])
            return at + 1, token, tf.logical_or(ended, tf.equal(token, eos)), states, ids, gains

        ids = tf.TensorArray(tf.int32, steps, element_shape=[None])
        gains = tf.TensorArray(tf.float32, steps, element_shape=[None])
        start = (tf.constant(0), tokens, tf.equal(tokens, eos), states, ids, gains)
        taken, _, _, states, ids, gains = tf.while_loop(unfinished, body, start)
        done = tf.range(taken)
        return {"states": states, "ids": ids.gather(done), "best": gains.gather(done)}

    def _join(self, old: Tensors, new: Tensors, keep: Any, repeats: Any, width: Any) -> Tensors:
        joined: Tensors = {}
        for name in old:
            kept = self._fit(name, tf.gather(old[name], keep), width)
            fresh = self._fit(name, tf.repeat(new[name], repeats, axis=0), width)
            joined[name] = tf.concat([kept, fresh], axis=0)
        return joined

    def _move(
        self, memories: Tensors, states: Tensors, parents: Any, width: Any
    ) -> tuple[Tensors, Tensors]:
        gathered = {name: tf.gather(value, parents) for name, value in memories.items()}
        return (
            {name: self._fit(name, value, width) for name, value in gathered.items()},
            {name: self._fit(name, value, width) for name, value in states.items()},
        )

    def _fit(self, name: str, value: Any, width: Any) -> Any:
        """Cut or pad the source axis of `value`, if it has one, to `width`."""
        axis = self._tensors[name].source_axis
        if axis is None:
            return value
        cut = value[(*[slice(None)] * axis, slice(width))]
        missing = width - tf.shape(cut)[axis]
        paddings = [[0, missing if place == axis else 0] for place in range(value.shape.rank)]
        pad = tf.constant(self._tensors[name].pad, value.dtype)
        return tf.ensure_shape(tf.pad(cut, paddings, constant_values=pad), value.shape)


def _trace(function: Any, specs: list[Any]) -> Any:
    """Return the graph of `function` for `specs`; calling it never traces again."""
    traced = tf.function(function, input_signature=specs, autograph=False)
    return traced.get_concrete_function()


def _shape(tensor: Tensor, unknown: int | None) -> list[int | None]:
    return [axis if isinstance(axis, int) else unknown for axis in tensor.axes]


def _split(value: Any) -> Any:
    """[16·n, ...] to [n, 16, ...]."""
    split = tf.reshape(value, tf.concat([[-1, EXACT_ROWS], tf.shape(value)[1:]], axis=0))
    split.set_shape([None, EXACT_ROWS, *value.shape[1:]])
    return split


def _merge(value: Any) -> Any:
    """[n, 16, ...] to [16·n, ...]."""
    merged = tf.reshape(value, tf.concat([[-1], tf.shape(value)[2:]], axis=0))
    merged.set_shape([None, *value.shape[2:]])
    return merged
