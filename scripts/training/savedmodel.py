"""Write a trained model as the two SavedModels of the contract.

This is the only training code that needs TensorFlow. A plain `tf.Module` holds each variable once
and one concrete function: `keras.Model.export` writes every variable twice (keras#23553).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from app.artifacts.manifest import Signature, Signatures, Tensor
from scripts.training.model.reader import Classifier
from scripts.training.model.seq2seq import Seq2Seq
from scripts.training.model.series import SeriesModel

Specs = dict[str, tf.TensorSpec]
Function = Callable[[dict[str, Any]], dict[str, Any]]


def round_to_half(arrays: Sequence[NDArray[Any]]) -> list[NDArray[Any]]:
    """Round floats to what float16 can hold, kept as float32: half the size once compressed."""
    return [
        a.astype(np.float16).astype(np.float32) if np.issubdtype(a.dtype, np.floating) else a
        for a in arrays
    ]


def _trace(function: Function, specs: Specs) -> Any:
    return tf.function(function, input_signature=[specs]).get_concrete_function()


def _save(path: Path, name: str, concrete: Any, model: Any, transposed: Any = None) -> None:
    # The key is the weight's place in `model.weights`: `read_weights` finds it again.
    places = {variable.value.ref(): place for place, variable in enumerate(model.weights)}
    module = tf.Module(name=name)
    own = [v for v in concrete.variables if v.ref() in places]
    module.weights = {f"{places[v.ref()]:04d}": v for v in own}
    if transposed is not None:
        # The embeddings, which a decoder of pictures has in no other shape than this.
        place = places[transposed.value.ref()]
        module.transposed = {f"{place:04d}": v for v in concrete.variables if v.ref() not in places}
    tf.saved_model.save(module, str(path), signatures={name: concrete})


def read_weights(artifact: Path) -> list[NDArray[Any]]:
    """Return the weights of an artifact that `save_models` wrote, in the order of `model.weights`.

    Raises:
        ValueError: the artifact was exported by something else.
    """
    found: dict[int, NDArray[Any]] = {}
    for part in ("encoder", "decoder"):
        reader = tf.train.load_checkpoint(str(artifact / part / "variables" / "variables"))
        for key in reader.get_variable_to_shape_map():
            names = key.split("/")
            if names[0] == "weights" and names[1].isdecimal():
                found[int(names[1])] = reader.get_tensor(key)
            if names[0] == "transposed" and names[1].isdecimal():
                found.setdefault(int(names[1]), reader.get_tensor(key).T)
    if not found or sorted(found) != list(range(len(found))):
        raise ValueError(f"{artifact} was not written by scripts/export.py; --init cannot read it")
    return [found[place] for place in sorted(found)]


def _describe(name: str, dtype: Any, shape: Sequence[int | None]) -> Tensor:
    axes = tuple(
        "batch" if place == 0 else "source" if size is None else int(size)
        for place, size in enumerate(shape)
    )
    return Tensor(dtype=dtype.name, axes=axes, pad=False if dtype == tf.bool else 0)


def _tensors(specs: dict[str, Any]) -> dict[str, Tensor]:
    return {name: _describe(name, s.dtype, s.shape.as_list()) for name, s in sorted(specs.items())}


def save_models(model: Seq2Seq, folder: Path) -> Signatures:
    """Write `folder/encoder` and `folder/decoder`; return the signatures for the manifest."""
    source, dtype, shape = model.source
    sources = {source: tf.TensorSpec(shape, dtype, source)}
    columns = tf.Variable(tf.transpose(model.embedding.embeddings), trainable=False)
    return _save_pair(
        model,
        folder,
        (lambda inputs: model.encode(inputs[source]), sources),
        (lambda inputs: model.step(inputs, columns), tf.TensorSpec([None], tf.int32, "token")),
        model.embedding.embeddings,
    )


def save_series(model: SeriesModel, folder: Path) -> Signatures:
    """Write a model of numbers as `save_models` writes one of tokens."""
    read, written = model.features
    sources = {
        "values": tf.TensorSpec([None, None, read], tf.float32, "values"),
        "mask": tf.TensorSpec([None, None], tf.bool, "mask"),
    }
    value = tf.TensorSpec([None, written], tf.float32, "value")
    return _save_pair(model, folder, (model.encode, sources), (model.step, value))


def save_classifier(model: Classifier, folder: Path) -> Signatures:
    """Write a classifier as `save_models` writes a model of texts; its step ignores the token."""
    sources = {"tokens": tf.TensorSpec((None, None), tf.int32, "tokens")}
    return _save_pair(
        model,
        folder,
        (lambda inputs: model.encode(inputs["tokens"]), sources),
        (model.step, tf.TensorSpec([None], tf.int32, "token")),
    )


def _save_pair(
    model: Any,
    folder: Path,
    reader: tuple[Function, Specs],
    writer: tuple[Function, tf.TensorSpec],
    transposed: Any = None,
) -> Signatures:
    """Write both SavedModels; `writer` names what a step is fed beside `encode`'s outputs."""
    encode = _trace(*reader)
    encoded = dict(encode.structured_outputs)
    function, fed = writer
    step_specs = {fed.name: fed}
    for name, output in encoded.items():
        shape = output.shape.as_list()
        shape[0] = None
        step_specs[name] = tf.TensorSpec(shape, output.dtype, name)
    step = _trace(function, step_specs)
    _save(folder / "encoder", "encode", encode, model, transposed)
    _save(folder / "decoder", "step", step, model, transposed)
    stepped = dict(step.structured_outputs)
    memories = {name: spec for name, spec in step_specs.items() if name != fed.name}
    return Signatures(
        encode=Signature(inputs=_tensors(reader[1]), outputs=_tensors(memories)),
        step=Signature(inputs=_tensors(step_specs), outputs=_tensors(stepped)),
    )
