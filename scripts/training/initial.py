"""Where a fit starts from when it does not start from nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from app.artifacts.store import open_artifact
from scripts.training.checkpoint import load_weights, read_arrays
from scripts.training.commandline import Refusal
from scripts.training.labels.config import PRETRAIN
from scripts.training.run import FACTS, commands_of, task_of


@dataclass(frozen=True)
class Initial:
    """Weights in the order of `model.weights`, the vocabulary that they belong to, their history.

    `commands`: how the weights were made, one for each stage.
    """

    weights: list[NDArray[Any]]
    tokenizer: Path
    commands: tuple[str, ...] = ()

    def assign(self, model: keras.Model) -> None:
        """Put the weights into `model`.

        Raises:
            Refusal: the recipe describes another architecture.
        """
        wanted = [tuple(variable.shape) for variable in model.weights]
        found = [array.shape for array in self.weights]
        if wanted != found:
            raise Refusal(
                "--init holds another architecture than the recipe; "
                "copy [model], [encoder] and [decoder] from the artifact's manifest"
            )
        load_weights(model, self.weights)


@dataclass(frozen=True)
class ReaderWeights:
    """What pre-training has left: the embeddings and the encoder; the rest begins at random.

    `weights` are of both, in the order of `model.weights`; else as `Initial`.
    """

    weights: list[NDArray[Any]]
    tokenizer: Path
    commands: tuple[str, ...] = ()

    def assign(self, model: keras.Model) -> None:
        """Put the weights into the `embedding` and the `encoder` of `model`.

        Raises:
            Refusal: they are of another architecture.
        """
        variables = [*model.embedding.weights, *model.encoder.weights]
        wanted = [tuple(variable.shape) for variable in variables]
        found = [array.shape for array in self.weights]
        if wanted != found:
            raise Refusal(
                f"--init holds a reader of the shapes {found}, the recipe describes {wanted}: set "
                "encoder.kind to `recurrent`, encoder.bidirectional to false, and model.embedding, "
                "encoder.cell, layers and units as in pre-training"
            )
        for variable, array in zip(variables, self.weights, strict=True):
            variable.assign(array)


def load_initial(path: Path) -> Initial | ReaderWeights:
    """Read an artifact folder (needs TensorFlow) or a run's `weights.npz` (does not).

    A run that learnt from texts alone has left its reader.

    Raises:
        FileNotFoundError: there is neither.
        ArtifactError: the folder holds no artifact.
        Refusal: the artifact was not exported by this project.
    """
    if path.is_dir():
        from scripts.training.savedmodel import read_weights

        manifest = open_artifact(path).manifest
        if manifest.text is None:
            raise Refusal(f"{path} has no vocabulary; --init cannot go on from it")
        made = tuple(manifest.training.command.splitlines())
        return Initial(read_weights(path), path / manifest.text.target_file, made)
    folder = path.parent
    known = (folder / FACTS).exists()
    kind = ReaderWeights if known and task_of(folder) == PRETRAIN else Initial
    commands = commands_of(folder) if known else ()
    return kind(read_arrays(path), folder / "tokenizer.json", commands)


def mix_weights(
    initial: Sequence[NDArray[Any]], final: Sequence[NDArray[Any]], share: float
) -> list[NDArray[Any]]:
    """Return `share` of the initial weights and the rest of the final ones, floats only.

    The mean of a model and of what fine-tuning made of it is often better than either (Wortsman et
    al. 2022, "Robust fine-tuning of zero-shot models").
    """
    return [
        share * before + (1.0 - share) * after if np.issubdtype(after.dtype, np.floating) else after
        for before, after in zip(initial, final, strict=True)
    ]
