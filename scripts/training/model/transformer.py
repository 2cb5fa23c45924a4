"""What the blocks of Transformer encoders and decoders share, and their positions."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from keras import layers, ops

from scripts.training.model.packing import Padded

Tensor = Any
_PADDED = Padded()


def sinusoids(positions: Tensor, width: int) -> Tensor:
    """Return the positions of Vaswani et al. 2017, section 3.5: int [n] to float32 [n, width]."""
    rates = np.exp(-math.log(10_000.0) * np.arange(0, width, 2, dtype="float32") / width)
    angles = ops.cast(positions, "float32")[:, None] * rates[None, :]
    return ops.concatenate([ops.sin(angles), ops.cos(angles)], axis=-1)


class TransformerBlock(layers.Layer):
    """Pre-norm self-attention and feed-forward (Vaswani et al. 2017; Xiong et al. 2020).

    All tokens lie in one axis but for the attention: a product of matrices is one operation in
    TensorFlow, a product with a third axis a dozen, which is what a small batch costs.
    """

    def __init__(self, units: int, heads: int, feed_forward: int, dropout: float, name: str):
        """Make a block of `units` wide; `heads` must divide it."""
        super().__init__(name=name)
        if units % heads:
            raise ValueError(f"{heads} heads do not divide {units} units")
        self.heads = heads
        self.size = units // heads
        self.attention_norm = layers.LayerNormalization(epsilon=1e-6, name="attention_norm")
        self.feed_forward_norm = layers.LayerNormalization(epsilon=1e-6, name="feed_forward_norm")
        self.projection = layers.Dense(3 * units, name="projection")
        self.output_projection = layers.Dense(units, name="output_projection")
        self.expand = layers.Dense(feed_forward, activation="relu", name="expand")
        self.contract = layers.Dense(units, name="contract")
        self.dropout = layers.Dropout(dropout)

    def build(self, shape: tuple[int | None, ...]) -> None:
        """Create every weight for inputs [batch · length, units]."""
        assert shape[-1] == self.heads * self.size, "the stack fixes the units: this is a bug"
        self.attention_norm.build(shape)
        self.feed_forward_norm.build(shape)
        self.projection.build(shape)
        self.output_projection.build(shape)
        self.expand.build(shape)
        self.contract.build((*shape[:-1], self.expand.units))
        self.dropout.build(shape)

    def look_around(
        self, x: Tensor, bias: Tensor, batch: Tensor, training: bool, layout: Padded = _PADDED
    ) -> Tensor:
        """Let x attend to itself: [batch · length, units], of which `layout` may leave out places.

        The bias's last axis is the length.
        """
        mixed = layout.unpack(self.projection(self.attention_norm(x)))
        heads = ops.reshape(mixed, (batch, ops.shape(bias)[-1], 3, self.heads, self.size))
        query, key, value = ops.unstack(ops.transpose(heads, (2, 0, 3, 1, 4)), 3)
        read, _ = self.attend(query, key, value, bias)
        read = layout.pack(read)
        return x + self.dropout(self.output_projection(read), training=training)

    def attend(
        self, query: Tensor, key: Tensor, value: Tensor, bias: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Return what is read [batch · target, units] and the weights, of [batch, heads, ...].

        Args:
            query: [batch, heads, target, size].
            key: [batch, heads, source, size].
            value: like the key.
            bias: added to the scores; fits [batch, heads, target, source].
        """
        scores = ops.matmul(query, ops.transpose(key, (0, 1, 3, 2))) / math.sqrt(self.size)
        weights = ops.softmax(scores + bias, axis=-1)  # [batch, heads, target, source]
        read = ops.transpose(ops.matmul(weights, value), (0, 2, 1, 3))
        return ops.reshape(read, (-1, self.heads * self.size)), weights

    def think(self, x: Tensor, training: bool) -> Tensor:
        """Add the feed-forward layers of x [n, units] to it."""
        wide = self.expand(self.feed_forward_norm(x))
        return x + self.dropout(self.contract(wide), training=training)
