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
from scripts.training.run import FACTS, load_run


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
            ValueError: the recipe describes another architecture.
        """
        wanted = [tuple(variable.shape) for variable in model.weights]
        found = [array.shape for array in self.weights]
        if wanted != found:
            raise ValueError(
                "--init holds another architecture than the recipe; "
                "copy [model], [encoder] and [decoder] from the artifact's manifest"
            )
        load_weights(model, self.weights)


def load_initial(path: Path) -> Initial:
    """Read an artifact folder (needs TensorFlow) or a run's `weights.npz` (does not).

    Raises:
        FileNotFoundError: there is neither.
        ArtifactError: the folder holds no artifact.
        ValueError: the artifact was not exported by this project.
    """
    if path.is_dir():
        from scripts.training.savedmodel import read_weights

        manifest = open_artifact(path).manifest
        if manifest.text is None:
            raise ValueError(f"{path} has no vocabulary; --init cannot go on from it")
        made = tuple(manifest.training.command.splitlines())
        return Initial(read_weights(path), path / manifest.text.target_file, made)
    folder = path.parent
    commands = load_run(folder).command.splitlines() if (folder / FACTS).exists() else []
    return Initial(read_arrays(path), folder / "tokenizer.json", tuple(commands))


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
