"""InceptionV3 (Szegedy et al. 2016) of `keras.applications`, as captioning tutorials use it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras

from scripts.training.model.backbone import Backbone

Tensor = Any
CUTS = ("mixed8", "mixed9", "mixed10")  # the layers at which stages end


class InceptionV3(Backbone):
    """Three stages, up to `mixed8`, `mixed9` and `mixed10`: [batch, 8, 8, 2048] of 299 pixels."""

    size = 299

    def __init__(self) -> None:
        """Make it, with random weights."""
        super().__init__(name="backbone")
        network = keras.applications.InceptionV3(
            include_top=False, weights=None, input_shape=(self.size, self.size, 3)
        )
        ends = [network.input, *(network.get_layer(name).output for name in CUTS)]
        self.stages = [
            keras.Model(ends[i], ends[i + 1], name=f"stage_{i}") for i in range(len(CUTS))
        ]
        self._order = [layer.name for layer in network.layers]
        self.built = True

    def prepare(self, image: Tensor) -> Tensor:
        """Centre the pixels: 0 … 255 become -1 … 1."""
        return image / 127.5 - 1.0

    def load(self, weights: Path | None) -> None:
        """Read the weights file of `keras.applications` without top, or let Keras download it."""
        if weights is not None and not weights.exists():
            raise FileNotFoundError(f"{weights} is missing; it is what encoder.weights names")
        source = str(weights) if weights else "imagenet"
        shape = (self.size, self.size, 3)
        network = keras.applications.InceptionV3(
            include_top=False, weights=source, input_shape=shape
        )
        own = {layer.name: layer for stage in self.stages for layer in stage.layers}
        for name, pretrained in zip(self._order, network.layers, strict=True):
            if pretrained.weights:
                own[name].set_weights(pretrained.get_weights())
