"""The seam of image encoders: a convolutional network as a chain of stages, pixels to a grid.

A captioner fits its last stages and leaves the others as they were pretrained; what the others make
of a picture never changes, so that it is computed once and kept (see `scripts.training.features`).
"""

from __future__ import annotations

from abc import abstractmethod
from pathlib import Path
from typing import Any

from keras import layers, ops

Tensor = Any


class Backbone(layers.Layer):
    """A pretrained network without its classifier; `stages` map [batch, h, w, c] to the like."""

    size: int
    """Height and width of the pictures."""
    stages: list[layers.Layer]

    @abstractmethod
    def prepare(self, image: Tensor) -> Tensor:
        """Map uint8 pixels, cast to float32 [batch, height, width, 3], to what stage 0 takes."""

    @abstractmethod
    def load(self, weights: Path | None) -> None:
        """Load pretrained weights from a file, or from where the backbone has them.

        Raises:
            FileNotFoundError: they are not there; the message says how to get them.
        """

    def shape_at(self, cut: int) -> tuple[int, int, int]:
        """Return (height, width, channels) of what stage `cut` takes."""
        shape: tuple[int | None, ...] = (None, self.size, self.size, 3)
        for stage in self.stages[:cut]:
            shape = stage.compute_output_shape(shape)
        _, height, width, channels = shape
        return int(height or 0), int(width or 0), int(channels or 0)

    def freeze(self, cut: int) -> None:
        """Let training change nothing before stage `cut`."""
        for stage in self.stages[:cut]:
            stage.trainable = False

    def lower(self, image: Tensor, cut: int) -> Tensor:
        """Map image uint8 [batch, height, width, 3] to what stage `cut` takes."""
        x = self.prepare(ops.cast(image, "float32"))
        return self.run(x, self.stages[:cut])

    def upper(self, x: Tensor, cut: int) -> Tensor:
        """Map what stage `cut` takes to the last grid [batch, height, width, channels]."""
        return self.run(x, self.stages[cut:])

    def run(self, x: Tensor, stages: list[layers.Layer]) -> Tensor:
        """Apply `stages`; batch statistics are never taken, dropout never acts."""
        for stage in stages:
            x = stage(x, training=False)
        return x
