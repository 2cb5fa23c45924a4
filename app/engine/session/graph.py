"""The graphs that every decoder has: rows that join, rows that move, its model in exact mode."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from app.artifacts.manifest import Manifest, Tensor

Tensors = dict[str, Any]
EXACT_ROWS = 16  # below this many rows TensorFlow's kernels round differently


def trace_encode(encode: Any, manifest: Manifest) -> Any:
    """Return the graph of `encode`, the loaded signature: called with its inputs by name."""
    inputs = manifest.signatures.encode.inputs
    specs = {name: tf.TensorSpec(shape_of(t, None), t.dtype, name) for name, t in inputs.items()}
    return Graph(lambda feeds: encode(**feeds), [specs])


class RowGraph:
    """The graphs of rows that join and move, whatever they decode.

    Each is traced once: row counts and source widths are left open. The model's concrete function
    is called inside them, so that a step is one call from Python.
    """

    def __init__(self, step: Any, manifest: Manifest, exact: bool) -> None:
        """Wrap `step`, the loaded signature; if `exact`, run it on 16 rows at a time."""
        self._call = step
        self._exact = exact
        self._inputs = frozenset(manifest.signatures.step.inputs)
        self._tensors = manifest.signatures.encode.outputs
        self._state_specs, self._memory_specs = (
            {name: tf.TensorSpec(shape_of(t, None), t.dtype, name) for name, t in tensors.items()}
            for tensors in (manifest.states, manifest.memories)
        )
        rows, scalar = tf.TensorSpec([None], tf.int32), tf.TensorSpec([], tf.int32)
        both = {**self._state_specs, **self._memory_specs}
        self.join = Graph(self._join, [both, both, rows, rows, scalar])
        self.move = Graph(self._move, [self._memory_specs, self._state_specs, rows, scalar])

    def empty(self, names: Sequence[str]) -> Tensors:
        """Return tensors of no rows and no width."""
        tensors = {name: self._tensors[name] for name in names}
        return {name: tf.zeros(shape_of(t, 0), t.dtype) for name, t in tensors.items()}

    def _model(self, fed: Tensors, states: Tensors, memories: Tensors) -> tuple[Tensors, Tensors]:
        """Run the model on what a step is `fed`, by name; return its outputs and its new states."""
        feeds = {**fed, **states, **memories}
        feeds = {name: feeds[name] for name in feeds if name in self._inputs}
        outputs = self._in_chunks(feeds) if self._exact else self._whole(feeds)
        return outputs, {name: outputs[name] for name in states}

    def _whole(self, feeds: Tensors) -> Tensors:
        outputs: Tensors = self._call(**feeds)
        return outputs

    def _specs(self) -> Tensors:
        """Return what `_whole` returns of 16 rows."""
        return {
            name: tf.TensorSpec([EXACT_ROWS, *output.shape[1:]], output.dtype)
            for name, output in self._call.structured_outputs.items()
        }

    def _in_chunks(self, feeds: Tensors) -> Tensors:
        """Run every 16 rows by themselves: kernels treat a batch's last rows unlike its first."""
        results = tf.map_fn(
            self._whole,
            {name: _split(value) for name, value in feeds.items()},
            fn_output_signature=self._specs(),
        )
        merged: Tensors = tf.nest.map_structure(_merge, results)
        return merged

    def _join(self, old: Tensors, new: Tensors, keep: Any, repeats: Any, width: Any) -> Tensors:
        joined: Tensors = {}
        chosen = tf.repeat(tf.range(tf.size(repeats)), repeats)
        for name in old:
            kept = self._fit(name, tf.gather(old[name], keep), width)
            fresh = self._fit(name, tf.gather(new[name], chosen), width)
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


class Graph:
    """One traced function, called with its tensors as they are.

    A `ConcreteFunction` binds, checks and orders its arguments in Python at every call, which takes
    longer than a small step; here the order is fixed once.
    """

    def __init__(self, function: Any, specs: Sequence[Any]) -> None:
        """Trace `function` for arguments like `specs`: tensors, or dictionaries of them."""
        found: list[Any] = []

        def flat(*tensors: Any) -> list[Any]:
            found.append(function(*tf.nest.pack_sequence_as(list(specs), tensors)))
            outputs: list[Any] = tf.nest.flatten(found[-1])
            return outputs

        traced = tf.function(flat, input_signature=tf.nest.flatten(specs), autograph=False)
        self._function = traced.get_concrete_function()
        self._captured = list(self._function.captured_inputs)
        self._outputs = found[-1]
        self._dtypes = [output.dtype for output in tf.nest.flatten(self._outputs)]

    def __call__(self, *arguments: Any) -> Any:
        """Return what the function returns for `arguments`; arrays may stand for tensors."""
        tensors = [tf.convert_to_tensor(each) for each in tf.nest.flatten(arguments)]
        found = tf.raw_ops.StatefulPartitionedCall(
            args=tensors + self._captured, Tout=self._dtypes, f=self._function
        )
        return tf.nest.pack_sequence_as(self._outputs, found)


def shape_of(tensor: Tensor, unknown: int | None) -> list[int | None]:
    """Return the shape of `tensor`, with `unknown` for its batch and source axes."""
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
