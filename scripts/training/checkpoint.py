"""Checkpoints: everything a fit needs to go on as if it had never stopped."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

Arrays = list[NDArray[Any]]


@dataclass
class Progress:
    """Where a fit stands; `history` holds one row for each validation."""

    epoch: int = 0
    batch: int = 0  # batches done in this epoch
    step: int = 0  # batches done in all
    seconds: float = 0.0
    best_loss: float = float("inf")
    stale: int = 0  # validations since the best one
    history: list[dict[str, float]] = field(default_factory=list)
    objective: str = "likelihood"


def to_array(variable: keras.Variable) -> NDArray[Any]:
    """Return a copy of a variable's value; a `tf.Variable` itself does not convert in silence."""
    return np.array(keras.ops.convert_to_numpy(keras.ops.copy(variable.value)))


def weights_of(model: keras.Model) -> Arrays:
    """Return a copy of every weight."""
    return [to_array(variable) for variable in model.weights]


def seeds_of(model: keras.Model) -> list[keras.Variable]:
    """Return the states of the random generators, dropout's above all: not weights, but state."""
    weights = {id(variable) for variable in model.weights}
    return [variable for variable in model.variables if id(variable) not in weights]


def load_weights(model: keras.Model, arrays: Arrays) -> None:
    """Assign `arrays` to the model's weights, in order."""
    for variable, array in zip(model.weights, arrays, strict=True):
        variable.assign(array)


def read_arrays(path: Path) -> Arrays:
    """Return the arrays that `np.savez(path, *arrays)` wrote, in their order."""
    with np.load(path) as file:
        return [file[f"arr_{index}"] for index in range(len(file.files))]


def save(folder: Path, model: keras.Model, average: Arrays, best: Arrays, at: Progress) -> None:
    """Write one checkpoint; the old one stays until the new one is whole."""
    named = {f"weight_{i}": a for i, a in enumerate(weights_of(model))}
    named |= {f"average_{i}": a for i, a in enumerate(average)}
    named |= {f"best_{i}": a for i, a in enumerate(best)}
    named |= {f"seed_{i}": to_array(v) for i, v in enumerate(seeds_of(model))}
    named |= {f"optimizer_{i}": to_array(v) for i, v in enumerate(model.optimizer.variables)}
    named["progress"] = np.frombuffer(json.dumps(asdict(at)).encode(), np.uint8)
    partial = folder / "checkpoint.partial.npz"
    np.savez(partial, **named)  # type: ignore[arg-type] # the stubs take the names for options
    partial.replace(folder / "checkpoint.npz")


def load(folder: Path, model: keras.Model) -> tuple[Arrays, Arrays, Progress]:
    """Restore model and optimizer; return (average, best, progress).

    Raises:
        FileNotFoundError: there is no checkpoint.
    """
    with np.load(folder / "checkpoint.npz") as file:
        count = len(model.weights)
        load_weights(model, [file[f"weight_{i}"] for i in range(count)])
        for index, variable in enumerate(model.optimizer.variables):
            variable.assign(file[f"optimizer_{index}"])
        for index, variable in enumerate(seeds_of(model)):
            if f"seed_{index}" in file:  # a checkpoint of an early run has none
                variable.assign(file[f"seed_{index}"])
        average = [file[f"average_{i}"] for i in range(count)]
        best = [file[f"best_{i}"] for i in range(count)]
        progress = Progress(**json.loads(file["progress"].tobytes()))
    return average, best, progress
