"""The encoder of pictures: a backbone's grid, projected, is the memory of a decoder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from keras import layers, ops

from scripts.training.config import EncoderSection
from scripts.training.model.backbone import Backbone
from scripts.training.model.inception import InceptionV3
from scripts.training.model.lite import EfficientNetLite

Tensor = Any

BACKBONES: dict[str, Callable[[], Backbone]] = {
    "efficientnet-lite0": lambda: EfficientNetLite(0, width=1.0, depth=1.0),
    "efficientnet-lite2": lambda: EfficientNetLite(2, width=1.1, depth=1.2),
    "inception-v3": InceptionV3,
}


class ImageEncoder(layers.Layer):
    """Pixels to a grid of places: `lower` never changes and is kept, `call` learns."""

    def __init__(self, section: EncoderSection, dropout: float):
        """Make the encoder that `section` describes, with every weight created."""
        super().__init__(name="encoder")
        self.pooled = section.pooled
        self.backbone = BACKBONES[section.backbone]()
        stages = len(self.backbone.stages)
        if section.tuned > stages:
            raise ValueError(
                f"encoder.tuned is {section.tuned}; {section.backbone} has {stages} stages"
            )
        self.cut = stages - section.tuned
        self.backbone.freeze(self.cut)
        height, width, channels = self.backbone.shape_at(stages)
        self.grid = (1, 1) if section.pooled else (height, width)
        self.dropout = layers.Dropout(dropout)
        self.projection = layers.Dense(section.units, activation="relu", name="projection")
        self.projection.build((None, None, channels))
        self.built = True

    @property
    def kept_shape(self) -> tuple[int, int, int]:
        """(height, width, channels) of what `lower` makes of a picture."""
        height, width, channels = self.backbone.shape_at(self.cut)
        whole = self.pooled and self.cut == len(self.backbone.stages)
        return (1, 1, channels) if whole else (height, width, channels)

    @property
    def pretrained(self) -> list[Any]:
        """The backbone's variables."""
        return list(self.backbone.weights)

    def load(self, weights: Path | None) -> None:
        """Load the backbone's pretrained weights, from a file or from where they are by default."""
        self.backbone.load(weights)

    def lower(self, image: Tensor) -> Tensor:
        """Map image uint8 [batch, height, width, 3] to float32 [batch, *kept_shape]."""
        x = self.backbone.lower(image, self.cut)
        whole = self.pooled and self.cut == len(self.backbone.stages)
        return ops.mean(x, axis=(1, 2), keepdims=True) if whole else x

    def call(self, kept: Tensor, training: bool = False) -> tuple[Tensor, Tensor]:
        """Map what `lower` made to (memory [batch, places, units], summary [batch, units])."""
        x = self.backbone.upper(ops.cast(kept, "float32"), self.cut)
        if self.pooled:
            x = ops.mean(x, axis=(1, 2), keepdims=True)
        places = self.grid[0] * self.grid[1]
        x = ops.reshape(x, (-1, places, x.shape[-1]))
        memory = self.projection(self.dropout(x, training=training))
        return memory, ops.mean(memory, axis=1)
