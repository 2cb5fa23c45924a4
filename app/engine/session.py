"""A loaded artifact that computes: the only module of the service that imports TensorFlow.

States and memories stay TensorFlow tensors from call to call; a step is one graph call that gathers
the states by parents, runs the model's `step`, and returns a few numbers a row. Memory is gathered
only when rows join, leave or move.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

# Keras 2's shim instead of Keras 3: TensorFlow then imports no Keras module at all, and starts faster.
os.environ.setdefault("TF_USE_LEGACY_KERAS", "1")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import numpy as np
import tensorflow as tf

from app.artifacts.manifest import Manifest, TokenDecoding
from app.artifacts.store import Artifact
from app.engine.backend import Floats, Ints, Source, StepResult, StepsResult
from app.engine.graph import DecoderGraph
from app.engine.padding import pad_rows, pad_sources, padded
from app.errors import ArtifactError

Tensors = dict[str, Any]
EXACT_ROWS = 16  # below this many rows TensorFlow's kernels round differently
EXACT_WIDTH = 16
FETCHES = (1, 8, 64, 256)


@dataclass(frozen=True)
class EncodedBatch:
    """Encoded sources, not yet in the running batch; `lengths` as in `Encoded`."""

    states: Tensors
    memories: Tensors
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
    if device == "auto":
        return "/GPU:0" if gpus else "/CPU:0"
    if device == "cpu":
        return "/CPU:0"
    number = int(device.partition(":")[2])
    if number >= len(gpus):
        raise ArtifactError(f"device {device} is asked for, and TensorFlow sees {len(gpus)} GPUs")
    return f"/GPU:{number}"


def _load(path: Any, signature: str) -> tuple[Any, Any]:
    try:
        root = tf.saved_model.load(str(path))
        return root, root.signatures[signature]
    except Exception as error:  # TensorFlow raises a dozen kinds for a damaged file
        raise ArtifactError(
            f"{path.name}/ cannot be loaded as a SavedModel with a signature `{signature}`: {error}"
        ) from error


class Session:
    """The running rows of one model on one device; satisfies `Backend[EncodedBatch]`."""

    def __init__(
        self, artifact: Artifact, *, device: str, threads: tuple[int, int], exact: bool
    ) -> None:
        """Load the artifact's two SavedModels.

        Args:
            artifact: an opened artifact that decodes tokens.
            device: `auto`, `cpu` or `gpu:N`.
            threads: (intra-op, inter-op); the first session of a process decides.
            exact: pad calls to 16 rows and sources to 16 places.

        Raises:
            ArtifactError: the SavedModels do not load, or the model decodes numbers.
        """
        manifest = artifact.manifest
        if not isinstance(manifest.decoding, TokenDecoding):
            raise ArtifactError(f"{manifest.name} decodes numbers; this version serves token models")
        configure_threads(*threads)
        self._device = resolve_device(device)
        self._manifest: Manifest = manifest
        self._exact = exact
        with tf.device(self._device):
            # The roots own the variables: without a reference to them the functions die.
            self._encoder, self._encode = _load(artifact.encoder_path, "encode")
            self._decoder, step = _load(artifact.decoder_path, "step")
            self._graph = DecoderGraph(step, manifest)
        self.reset()

    def reset(self) -> None:
        """Forget all rows."""
        with tf.device(self._device):
            self._states = self._graph.empty(self._manifest.states)
            self._memories = self._graph.empty(self._manifest.memories)
        self._owners = np.zeros(0, np.int64)  # which encoded source each row reads
        self._lengths = np.zeros(0, np.int64)  # places of the memory that each row fills
        self._next_owner = 1

    def encode(self, sources: Sequence[Source]) -> EncodedBatch:
        """Encode sources together."""
        arrays = pad_sources(
            sources,
            self._manifest.signatures.encode.inputs,
            rows=padded(len(sources), EXACT_ROWS) if self._exact else len(sources),
            width_multiple=EXACT_WIDTH if self._exact else 1,
        )
        with tf.device(self._device):
            inputs = {name: tf.constant(array) for name, array in arrays.items()}
            outputs = {name: value[: len(sources)] for name, value in self._encode(**inputs).items()}
        mask = outputs.get("memory_mask")
        lengths = (0,) * len(sources) if mask is None else _filled(mask.numpy())
        return EncodedBatch(
            {name: outputs[name] for name in self._manifest.states},
            {name: outputs[name] for name in self._manifest.memories},
            lengths,
        )

    def join(self, encoded: EncodedBatch, keep: Ints, repeats: Ints) -> None:
        """Go on with the rows `keep`, then `repeats[i]` rows for each encoded source."""
        fresh = np.arange(self._next_owner, self._next_owner + len(repeats))
        self._next_owner += len(repeats)
        self._owners = np.concatenate([self._owners[keep], np.repeat(fresh, repeats)])
        lengths = np.repeat(np.array(encoded.lengths, np.int64), repeats)
        self._lengths = np.concatenate([self._lengths[keep], lengths])
        with tf.device(self._device):
            joined = self._graph.join(
                {**self._states, **self._memories},
                {**encoded.states, **encoded.memories},
                tf.constant(keep, tf.int32),
                tf.constant(repeats, tf.int32),
                tf.constant(self._width(), tf.int32),
            )
        self._states = {name: joined[name] for name in self._states}
        self._memories = {name: joined[name] for name in self._memories}

    def advance(
        self, parents: Ints, tokens: Ints, probes: Ints, fetch: int, want_attention: bool
    ) -> StepResult:
        """Take one step of all rows in one graph call."""
        rows = len(parents)
        parents, tokens, probes = (self._pad(array) for array in (parents, tokens, probes))
        self._move(parents)
        level = next((level for level in FETCHES if level >= fetch), FETCHES[-1])
        with tf.device(self._device):
            outputs = self._graph.step(level, want_attention)(
                self._states, self._memories, parents, tokens, probes
            )
        self._states = outputs["states"]
        attention = outputs.get("attention")
        return StepResult(
            outputs["ids"].numpy()[:rows],
            outputs["log_probabilities"].numpy()[:rows],
            outputs["probes"].numpy()[:rows],
            None if attention is None else attention.numpy()[:rows],
        )

    def advance_greedy(self, parents: Ints, tokens: Ints, steps: int) -> StepsResult:
        """Take up to `steps` greedy steps of all rows in one graph call."""
        rows = len(parents)
        parents = self._pad(parents)
        tokens = np.pad(tokens, (0, len(parents) - rows), constant_values=self._graph.eos)
        self._move(parents)
        with tf.device(self._device):
            outputs = self._graph.steps(
                self._states, self._memories, parents, tokens, np.int32(steps)
            )
        self._states = outputs["states"]
        ids, gains = outputs["ids"].numpy(), outputs["log_probabilities"].numpy()
        return StepsResult(ids.T[:rows], gains.T[:rows])

    def _pad(self, array: Ints) -> Ints:
        """In exact mode, fill `array` up to a whole number of 16 rows with zeros."""
        return pad_rows(array, padded(len(array), EXACT_ROWS)) if self._exact else array

    def _width(self) -> int:
        """How many places the memory must have."""
        longest = int(self._lengths.max(initial=1))
        return padded(longest, EXACT_WIDTH) if self._exact else longest

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


def _filled(mask: np.ndarray[Any, Any]) -> tuple[int, ...]:
    """Return one more than the last true place of each row of bool [rows, width], at least 1."""
    width = mask.shape[1]
    last = width - np.argmax(mask[:, ::-1], axis=1)
    return tuple(np.where(mask.any(axis=1), last, 1).tolist())
