"""The rows of one model on one device.

States and memories stay TensorFlow tensors from call to call; a step is one graph call that gathers
the states by parents, runs the model's `step`, and returns a few numbers a row. Memory is gathered
only when rows join, leave or move.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from app.artifacts.manifest import Manifest
from app.artifacts.store import Artifact
from app.engine.backend import Ints, Source
from app.engine.cpus import has_int8_units
from app.engine.padding import filled, pad_rows, pad_sources, padded, sample_source, source_width
from app.engine.session.graph import EXACT_ROWS, RowGraph, Tensors, trace_encode
from app.engine.session.loading import configure_threads, load, resolve_device
from app.errors import ArtifactError

D = TypeVar("D", bound=np.generic)
EXACT_WIDTH = 16
WIDTH = 8
"""What source axes are multiples of. oneDNN prepares its kernels anew for every shape and keeps
about a thousand of them; and what joins is as wide as what runs, as a rule."""


@dataclass(frozen=True)
class EncodedBatch:
    """States and memories of sources that have not joined yet; `lengths` as in `Encoded`."""

    tensors: Tensors
    lengths: tuple[int, ...]


class RowSession(ABC):
    """The running rows of one model on one device, whatever they decode.

    What a kind of decoding adds is its graph, and the call that takes steps.
    """

    _graph: RowGraph

    def __init__(
        self,
        artifact: Artifact,
        *,
        device: str,
        threads: tuple[int, int],
        exact: bool,
        int8: bool = False,
    ) -> None:
        """Load the two SavedModels of an artifact.

        `device` is `auto`, `cpu` or `gpu:N`; `threads` (intra-op, inter-op) of the process are
        decided by its first session; `exact` pads calls to 16 rows, sources to multiples of 16;
        `int8` multiplies matrices in int8, on a CPU.

        Raises:
            ArtifactError: the SavedModels do not load, there is no such device, or the CPU has no
                units for int8.
        """
        manifest = artifact.manifest
        configure_threads(*threads)
        self._device = resolve_device(device)
        self._manifest: Manifest = manifest
        self._inputs = manifest.signatures.encode.inputs
        self._exact = exact
        self._width_multiple = EXACT_WIDTH if exact else WIDTH
        int8 = int8 and "CPU" in self._device
        if int8 and not has_int8_units():
            raise ArtifactError(
                "int8 needs a CPU with VNNI or AMX; set DRAGOMAN_PRECISION to auto or float32"
            )
        with tf.device(self._device):
            # The roots own the variables: without a reference to them the functions die.
            self._encoder, encode = load(artifact.encoder_path, "encode", int8=int8)
            self._encode = trace_encode(encode, manifest)
            self._decoder, step = load(artifact.decoder_path, "step", int8=int8)
            self._graph = self._trace(step)
        self.reset()

    @abstractmethod
    def _trace(self, step: Any) -> RowGraph:
        """Return the graphs around `step`, the loaded signature."""

    @abstractmethod
    def _step_all(self, parents: Ints) -> None:
        """Take steps of every kind that ordinary requests take, with these parents."""

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
        sources = [sample_source(self._inputs, self._manifest.limits.min_source)] * 2
        swapped = np.array([1, 0], np.int32)
        self.join(self.encode(sources), swapped[:0], np.array([1, 1], np.int32))
        self._step_all(swapped)
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
        wide = EXACT_WIDTH
        for width in sorted(set(widths)):
            group = [sources[place] for place in order if widths[place] == width]
            for first in range(0, len(group), EXACT_ROWS):
                part = self._encode_group(group[first : first + EXACT_ROWS])
                ones = [1] * len(part.lengths)
                # An image has no width of its own: its memory is as wide as it is.
                wide = max(wide, width, padded(max(part.lengths), EXACT_WIDTH))
                whole = self._combine(whole, part.tensors, range(len(lengths)), ones, wide)
                lengths += part.lengths
        back = np.argsort(order).tolist()
        whole = self._combine(whole, nothing, back, [], wide)
        return EncodedBatch(whole, tuple(lengths[row] for row in back))

    def _encode_group(self, sources: Sequence[Source]) -> EncodedBatch:
        arrays = pad_sources(
            sources,
            self._inputs,
            rows=padded(len(sources), EXACT_ROWS) if self._exact else len(sources),
            width_multiple=self._width_multiple,
        )
        with tf.device(self._device):
            outputs: Tensors = self._encode(arrays)
            if self._exact:
                outputs = {name: value[: len(sources)] for name, value in outputs.items()}
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

    def _pad(self, array: NDArray[D]) -> NDArray[D]:
        """In exact mode, fill `array` up to a whole number of 16 rows with zeros."""
        return pad_rows(array, padded(len(array), EXACT_ROWS)) if self._exact else array

    def _width(self) -> int:
        """How many places the memory must have."""
        longest = int(self._lengths.max(initial=1))
        if self._exact:
            longest = max(longest, self._manifest.limits.max_source)
        return padded(longest, self._width_multiple)

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
