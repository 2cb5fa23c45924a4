"""A real artifact of numbers that a person can check: it goes on by the mean of what it read.

The source has `features` numbers a step. The mean of its steps m is the state; a step is fed v and
returns v + m, four times from 0 on: `1, 2, 3` becomes 2, 4, 6, 8. What pads a source is 100, so
that a mask that is not heeded shows. A batch of sources that are all shorter than 2 steps fails.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from app.artifacts.manifest import (
    Golden,
    Licence,
    Limits,
    Manifest,
    Signature,
    Signatures,
    Tensor,
    Training,
    ValueDecoding,
)
from app.artifacts.store import Artifact
from app.artifacts.writer import write_artifact
from tests.fakes.saving import save, tensorflow

STEPS = 4
LEAST = 2
PAD = 100.0


def series_manifest(name: str = "toy-means", features: int = 1) -> Manifest:
    """The manifest of a model that reads 2 to 8 steps."""
    state = {"state_mean": Tensor(dtype="float32", axes=("batch", features))}
    value = {"value": Tensor(dtype="float32", axes=("batch", features))}
    source = {
        "values": Tensor(dtype="float32", axes=("batch", "source", features), pad=PAD),
        "mask": Tensor(dtype="bool", axes=("batch", "source"), pad=False),
    }
    return Manifest(
        name=name,
        version=1,
        task="generate",
        summary="Goes on by the mean of what it read; for tests.",
        source_kind="series",
        target_kind="series",
        parameters=1,
        signatures=Signatures(
            encode=Signature(inputs=source, outputs=state),
            step=Signature(inputs={**value, **state}, outputs={**value, **state}),
        ),
        decoding=ValueDecoding(start=(0.0,) * features, steps=STEPS),
        limits=Limits(min_source=LEAST, max_source=8, max_target=STEPS),
        golden=(Golden(input=[1, 2, 3], output=[2.0, 4.0, 6.0, 8.0], tolerance=1e-4),)
        if features == 1
        else (),
        licences=(Licence(dataset="none", licence="Apache-2.0", commercial_use=True),),
        commercial_use=True,
        training=Training(command="none", revision="none", seed=0, recipe="none"),
    )


def write_toy_series(root: Path, name: str = "toy-means", features: int = 1) -> Artifact:
    """Write the toy to `root/name/1` and return it, opened."""

    def fill(folder: Path) -> None:
        tf = tensorflow()
        scale = tf.Variable(1.0)

        def encode(values: Any, mask: Any) -> dict[str, Any]:
            tf.debugging.assert_greater_equal(tf.shape(values)[1], LEAST)
            weights = tf.cast(mask, tf.float32)[:, :, None]
            count = tf.maximum(tf.reduce_sum(weights, axis=1), 1.0)
            return {"state_mean": scale * tf.reduce_sum(values * weights, axis=1) / count}

        def step(value: Any, state_mean: Any) -> dict[str, Any]:
            return {"value": value + scale * state_mean, "state_mean": state_mean}

        one = [None, features]
        sources = [
            tf.TensorSpec([None, None, features], tf.float32, "values"),
            tf.TensorSpec([None, None], tf.bool, "mask"),
        ]
        fed = [tf.TensorSpec(one, tf.float32, n) for n in ("value", "state_mean")]
        save(folder / "encoder", "encode", encode, sources, [scale])
        save(folder / "decoder", "step", step, fed, [scale])
        (folder / "README.md").write_text("# Toy\n", encoding="utf-8")

    return write_artifact(root / name / "1", series_manifest(name, features), fill, lambda _: None)
