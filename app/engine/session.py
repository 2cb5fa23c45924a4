"""A loaded artifact that computes: the only module of the service that imports TensorFlow.

States and memories stay TensorFlow tensors from call to call; a step is one graph call that gathers
the states by parents, runs the model's `step`, and returns a few numbers a row. Memory is gathered
only when rows join, leave or move.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

# Keras 2's shim: TensorFlow then does not import Keras 3, and starts a third faster.
os.environ.setdefault("TF_USE_LEGACY_KERAS", "1")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import numpy as np
import tensorflow as tf

from app.artifacts.manifest import Manifest, Tensor, TokenDecoding
from app.artifacts.store import Artifact
from app.engine.backend import MOST_CANDIDATES, Ints, Source, StepResult, StepsResult
from app.engine.padding import filled, pad_rows, pad_sources, padded, sample_source, source_width
from app.errors import ArtifactError

Tensors = dict[str, Any]
EXACT_ROWS = 16  # below this many rows TensorFlow's kernels round differently
EXACT_WIDTH = 16
FETCHES = (1, 8, 64, MOST_CANDIDATES)


@dataclass(frozen=True)
class EncodedBatch:
    """States and memories of sources that have not joined yet; `lengths` as in `Encoded`."""

    tensors: Tensors
    lengths: tuple[int, ...]


def configure_threads(intra: int, inter: int) -> None:
    """Set TensorFlow's threads; they are the process's, so that the first engine decides."""
    try:
        tf.config.threading.set_intra_op_parallelism_threads(intra)
        tf.config.threading.set_inter_op_parallelism_threads(inter)
    except RuntimeError:  # TensorFlow has started already
        return


def resolve_device(device: str) -> str:
    """Return TensorFlow's name of `auto`, `cpu` or `gpu:N`.

    Raises:
        ArtifactError: there is no such device.
    """
    gpus = tf.config.list_logical_devices("GPU") if device != "cpu" else []
    if device in ("auto", "cpu"):
        return "/GPU:0" if gpus else "/CPU:0"
    number = int(device.partition(":")[2])
    if number >= len(gpus):
        raise ArtifactError(f"device {device} is asked for, and TensorFlow sees {len(gpus)} GPUs")
    return f"/GPU:{number}"


def _load(path: Any, signature: str) -> tuple[Any, Any]:
    try:
        root = tf.saved_model.load(str(path))
        return root, root.signatures[signature]
    except Exception as error:  # TensorFlow raises a dozen kinds for a damaged file
        problem = f"{path.name}/ cannot be loaded with a signature `{signature}`: {error}"
        raise ArtifactError(problem) from error


def _trace(function: Any, specs: list[Any]) -> Any:
    """Return the graph of `function` for `specs`; calling it never traces again."""
    return tf.function(function, input_signature=specs).get_concrete_function()


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
        return outputs, tf.reduce_logsumexp(outputs["logits"], axis=-1, keepdims=True)

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
        best, ids = tf.math.top_k(outputs["logits"], fetch)
        asked = tf.gather(outputs["logits"], probes, batch_dims=1)
        result = {"states": states, "ids": ids, "best": best - total, "probes": asked - total}
        return {**result, "attention": outputs["attention"]} if attention else result

    def _greedy(
        self, states: Tensors, memories: Tensors, parents: Any, tokens: Any, steps: Any
    ) -> Tensors:
        """Feed each row its best allowed id, `steps` times or until every row has ended."""
        eos = self._decoding.eos
        bans = np.zeros(self._vocabulary, np.float32)
        bans[list(self._decoding.never)] = -np.inf
        states = {name: tf.gather(value, parents) for name, value in states.items()}

        def unfinished(at: Any, _t: Any, ended: Any, *_: Any) -> Any:
            return tf.logical_and(at < steps, tf.logical_not(tf.reduce_all(ended)))

        def body(at: Any, token: Any, ended: Any, states: Tensors, ids: Any, gains: Any) -> Any:
            outputs, total, states = self._model(token, states, memories)
            token = tf.argmax(outputs["logits"] + bans, axis=-1, output_type=tf.int32)
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


class Session:
    """The running rows of one model on one device; satisfies `Backend[EncodedBatch]`."""

    def __init__(
        self, artifact: Artifact, *, device: str, threads: tuple[int, int], exact: bool
    ) -> None:
        """Load the two SavedModels of an artifact that decodes tokens.

        `device` is `auto`, `cpu` or `gpu:N`; `threads` (intra-op, inter-op) of the process are
        decided by its first session; `exact` pads calls to 16 rows, sources to multiples of 16.

        Raises:
            ArtifactError: the SavedModels do not load, or there is no such device.
        """
        manifest = artifact.manifest
        decoding = manifest.decoding
        assert isinstance(decoding, TokenDecoding), "Engine.load refuses numbers: this is a bug"
        configure_threads(*threads)
        self._device = resolve_device(device)
        self._manifest: Manifest = manifest
        self._eos = decoding.eos
        self._inputs = manifest.signatures.encode.inputs
        self._exact = exact
        with tf.device(self._device):
            # The roots own the variables: without a reference to them the functions die.
            self._encoder, self._encode = _load(artifact.encoder_path, "encode")
            self._decoder, step = _load(artifact.decoder_path, "step")
            self._graph = DecoderGraph(step, manifest, decoding, exact)
        self.reset()

    def reset(self) -> None:
        """Forget all rows."""
        with tf.device(self._device):
            self._states = self._graph.empty(list(self._manifest.states))
            self._memories = self._graph.empty(list(self._manifest.memories))
        self._owners = np.zeros(0, np.int64)  # which encoded source each row reads
        self._lengths = np.zeros(0, np.int64)  # places of the memory that each row fills
        self._next_owner = 1

    def warm_up(self) -> None:
        """Trace every graph that ordinary requests run, so that none of them waits for it."""
        sources = [sample_source(self._inputs)] * 2
        straight, swapped = np.array([0, 1], np.int32), np.array([1, 0], np.int32)
        self.join(self.encode(sources), straight[:0], np.array([1, 1], np.int32))
        no_probes = np.zeros((2, 0), np.int32)
        for attention in {False, self._manifest.attends}:
            for fetch in FETCHES[1:]:
                self.advance(swapped, straight, no_probes, fetch, attention)
        self.advance_greedy(straight, straight, 1)
        self.reset()

    def encode(self, sources: Sequence[Source]) -> EncodedBatch:
        """Encode sources together; in exact mode, only with others of about their own length."""
        if not self._exact:
            return self._encode_group(sources)
        # Kernels round differently at another width: 16 rows at a time, of one width each.
        widths = [padded(source_width(source, self._inputs), EXACT_WIDTH) for source in sources]
        order = sorted(range(len(sources)), key=lambda place: widths[place])
        whole = nothing = self._graph.empty([*self._manifest.states, *self._manifest.memories])
        lengths: list[int] = []
        for width in sorted(set(widths)):
            group = [sources[place] for place in order if widths[place] == width]
            for first in range(0, len(group), EXACT_ROWS):
                part = self._encode_group(group[first : first + EXACT_ROWS])
                ones = [1] * len(part.lengths)
                whole = self._combine(whole, part.tensors, range(len(lengths)), ones, width)
                lengths += part.lengths
        back = np.argsort(order).tolist()
        whole = self._combine(whole, nothing, back, [], max(widths))
        return EncodedBatch(whole, tuple(lengths[row] for row in back))

    def _encode_group(self, sources: Sequence[Source]) -> EncodedBatch:
        arrays = pad_sources(
            sources,
            self._inputs,
            rows=padded(len(sources), EXACT_ROWS) if self._exact else len(sources),
            width_multiple=EXACT_WIDTH if self._exact else 1,
        )
        with tf.device(self._device):
            inputs = {name: tf.constant(array) for name, array in arrays.items()}
            outputs = {
                name: value[: len(sources)] for name, value in self._encode(**inputs).items()
            }
        return EncodedBatch(outputs, self._filled(outputs, len(sources)))

    def _filled(self, outputs: Tensors, rows: int) -> tuple[int, ...]:
        """Return how many places of the source axis each row fills; 0 without the axis."""
        if "memory_mask" in outputs:
            return filled(outputs["memory_mask"].numpy())
        for name, tensor in self._manifest.states.items():
            if tensor.source_axis is not None:
                return (int(outputs[name].shape[tensor.source_axis]),) * rows
        return (0,) * rows

    def _combine(
        self,
        old: Tensors,
        new: Tensors,
        keep: Sequence[int] | Ints,
        repeats: Sequence[int] | Ints,
        width: int,
    ) -> Tensors:
        """Return the rows `keep` of `old`, then `repeats[i]` of each of `new`, `width` wide."""
        rows = (np.array(keep, np.int32), np.array(repeats, np.int32), np.int32(width))
        with tf.device(self._device):
            joined: Tensors = self._graph.join(old, new, *rows)
        return joined

    def join(self, encoded: EncodedBatch, keep: Ints, repeats: Ints) -> None:
        """Go on with the rows `keep`, then `repeats[i]` rows for each encoded source."""
        fresh = np.arange(self._next_owner, self._next_owner + len(repeats))
        self._next_owner += len(repeats)
        self._owners = np.concatenate([self._owners[keep], np.repeat(fresh, repeats)])
        lengths = np.repeat(np.array(encoded.lengths, np.int64), repeats)
        self._lengths = np.concatenate([self._lengths[keep], lengths])
        old = {**self._states, **self._memories}
        joined = self._combine(old, encoded.tensors, keep, repeats, self._width())
        self._states = {name: joined[name] for name in self._states}
        self._memories = {name: joined[name] for name in self._memories}

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

    def _pad(self, array: Ints) -> Ints:
        """In exact mode, fill `array` up to a whole number of 16 rows with zeros."""
        return pad_rows(array, padded(len(array), EXACT_ROWS)) if self._exact else array

    def _width(self) -> int:
        """How many places the memory must have."""
        longest = int(self._lengths.max(initial=1))
        if not self._exact:
            return longest
        return padded(max(longest, self._manifest.limits.max_source), EXACT_WIDTH)

    def _move(self, parents: Ints) -> None:
        """Let the memories follow their rows, if any row now reads another source than before."""
        owners = self._owners[parents]
        if np.array_equal(owners, self._owners):
            return
        self._owners, self._lengths = owners, self._lengths[parents]
        with tf.device(self._device):
            self._memories, self._states = self._graph.move(
                self._memories, self._states, parents, tf.constant(self._width(), tf.int32)
            )
