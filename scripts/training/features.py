"""What the fixed stages of an image encoder make of each picture, computed once and kept on disk.

One file for each view, float16 [pictures, height, width, channels], named after everything that it
follows from, the weights included: another run folder may have a copy of it. They are read as they
are needed, so that they may be larger than the memory.

TensorFlow convolves many times faster on a CPU than JAX, so that a process of its own computes
them: `python -m scripts.features`.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray
from tqdm import tqdm

from scripts.training.captions import Picture, split_pictures
from scripts.training.checkpoint import to_array
from scripts.training.config import Recipe
from scripts.training.images import choose_view, read_image
from scripts.training.model.images import ImageEncoder

FOLDER = "features"
BACKBONE = "backbone.npz"
BATCH = 16


def save_backbone(encoder: ImageEncoder, run: Path) -> None:
    """Write the backbone's weights for the process that computes features."""
    arrays = [to_array(variable) for variable in encoder.pretrained]
    np.savez(run / BACKBONE, *arrays)


def load_backbone(encoder: ImageEncoder, run: Path) -> None:
    """Assign what `save_backbone` wrote."""
    with np.load(run / BACKBONE) as file:
        for index, variable in enumerate(encoder.pretrained):
            variable.assign(file[f"arr_{index}"])


@dataclass(frozen=True)
class Kept:
    """The features of some pictures: `take` reads the views of a batch."""

    views: tuple[NDArray[np.float16], ...]

    def take(self, views: NDArray[Any], places: NDArray[Any]) -> NDArray[np.float16]:
        """Return features [batch, height, width, channels] of pictures `places` in `views`."""
        rows = zip(views.tolist(), places.tolist(), strict=True)
        return np.stack([self.views[view][place] for view, place in rows])


class FeatureStore:
    """The features of a recipe's pictures under a run folder."""

    def __init__(self, recipe: Recipe, data: Path, run: Path, encoder: ImageEncoder) -> None:
        """Compute with the weights that `encoder` has now."""
        self.recipe, self.data, self.run, self.encoder = recipe, data, run, encoder
        self._weights = hashlib.sha256()
        for variable in encoder.pretrained:
            self._weights.update(to_array(variable).tobytes())

    def missing(self) -> list[Path]:
        """Return the files that are still to be computed."""
        return [
            path for split in ("train", "val") for path in self.paths(split)[1] if not path.exists()
        ]

    def paths(self, split: str) -> tuple[list[Picture], list[Path]]:
        """Return the pictures of `split`, and the file of each of their views."""
        pictures = split_pictures(self.recipe, self.data, split)
        views = self.recipe.data.views if split == "train" else 1
        return pictures, [self._path(split, pictures, view) for view in range(views)]

    def _path(self, split: str, pictures: Sequence[Picture], view: int) -> Path:
        section = self.recipe.encoder
        facts = {
            "weights": self._weights.hexdigest(),
            "backbone": [section.backbone, self.encoder.cut, self.encoder.kept_shape],
            "view": [view, self.recipe.fit.seed if view else 0],
            "pictures": [[p.path.name, p.flippable if view else True] for p in pictures],
        }
        digest = hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:12]
        return self.run / FOLDER / f"{split}-{view}-{digest}.npy"

    def open(self, split: str) -> Kept:
        """Return the features of `split`, which must all be there."""
        paths = self.paths(split)[1]
        return Kept(tuple(np.load(path, mmap_mode="r") for path in paths))

    def compute(self) -> None:
        """Compute what is missing; a file is renamed once it is whole.

        Raises:
            OSError: a picture cannot be read.
        """
        (self.run / FOLDER).mkdir(exist_ok=True)
        network = self._network()
        for split in ("train", "val"):
            pictures, paths = self.paths(split)
            for view, path in enumerate(paths):
                if not path.exists():
                    self._write(path, network, pictures, view, f"{split}, view {view}")

    def _network(self) -> keras.Model:
        size = self.encoder.backbone.size
        image = keras.Input((size, size, 3), dtype="uint8")
        return keras.Model(image, self.encoder.lower(image))

    def _write(
        self, path: Path, network: keras.Model, pictures: Sequence[Picture], view: int, name: str
    ) -> None:
        partial, shape = path.with_suffix(".partial"), (len(pictures), *self.encoder.kept_shape)
        array = np.lib.format.open_memmap(partial, "w+", np.float16, shape)
        seed, size = self.recipe.fit.seed, self.encoder.backbone.size
        for at in tqdm(range(0, len(pictures), BATCH), desc=name, mininterval=10):
            group = pictures[at : at + BATCH]
            images = np.zeros((BATCH, size, size, 3), np.uint8)
            for row, picture in enumerate(group):
                chosen = choose_view(seed, view, at + row, picture.flippable)
                images[row] = read_image(picture.path, size, chosen)
            found = ops.convert_to_numpy(network.predict_on_batch(images))
            array[at : at + len(group)] = found[: len(group)].astype(np.float16)
        array.flush()
        del array
        partial.rename(path)


def keep_features(recipe: Recipe, data: Path, run: Path, encoder: ImageEncoder) -> FeatureStore:
    """Return the features under `run`, computed by another process where they are missing.

    Raises:
        subprocess.CalledProcessError: that process failed; it has said why.
    """
    store = FeatureStore(recipe, data, run, encoder)
    if store.missing():
        save_backbone(encoder, run)
        command = [sys.executable, "-m", "scripts.features", "--run", str(run), "--data", str(data)]
        environment = {**os.environ, "KERAS_BACKEND": "tensorflow"}
        subprocess.run(command, check=True, env=environment)  # noqa: S603 - our own module
    return store
