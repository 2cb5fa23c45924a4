"""Encoders: token embeddings in, a memory to attend to and a summary to start from out."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from keras import layers, ops

from scripts.training.config import EncoderSection

NEGATIVE = -1e9  # finite: a row whose mask is all false still softmaxes to finite numbers
Tensor = Any


def sinusoids(length: Tensor, width: int) -> Tensor:
    """Return the positions of Vaswani et al. 2017, section 3.5: float32 [length, width]."""
    rates = np.exp(-math.log(10_000.0) * np.arange(0, width, 2, dtype="float32") / width)
    angles = ops.cast(ops.arange(length), "float32")[:, None] * rates[None, :]
    return ops.concatenate([ops.sin(angles), ops.cos(angles)], axis=-1)


def masked_mean(memory: Tensor, mask: Tensor) -> Tensor:
    """Return the mean of memory [batch, source, units] where mask is true: [batch, units]."""
    weights = ops.cast(mask, "float32")[:, :, None]
    return ops.sum(memory * weights, axis=1) / ops.maximum(ops.sum(weights, axis=1), 1.0)


class TransformerBlock(layers.Layer):
    """Pre-norm self-attention and feed-forward (Vaswani et al. 2017; Xiong et al. 2020)."""

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
        """Create every weight for inputs [batch · source, units]."""
        assert shape[-1] == self.heads * self.size, "the encoder fixes the units: this is a bug"
        self.attention_norm.build(shape)
        self.feed_forward_norm.build(shape)
        self.projection.build(shape)
        self.output_projection.build(shape)
        self.expand.build(shape)
        self.contract.build((*shape[:-1], self.expand.units))
        self.dropout.build(shape)

    def call(self, x: Tensor, bias: Tensor, training: bool = False) -> Tensor:
        """Map x [batch · source, units] with bias [batch, 1, 1, source] to the same shape.

        All tokens lie in one axis but for the attention: a product of matrices is one operation in
        TensorFlow, a product with a third axis a dozen, which is what a small batch costs.
        """
        batch, length = ops.shape(bias)[0], ops.shape(bias)[-1]
        mixed = self.projection(self.attention_norm(x))
        heads = ops.reshape(mixed, (batch, length, 3, self.heads, self.size))
        query, key, value = ops.unstack(ops.transpose(heads, (2, 0, 3, 1, 4)), 3)
        scores = ops.matmul(query, ops.transpose(key, (0, 1, 3, 2))) / math.sqrt(self.size)
        weights = ops.softmax(scores + bias, axis=-1)  # [batch, heads, source, source]
        read = ops.transpose(ops.matmul(weights, value), (0, 2, 1, 3))
        read = self.output_projection(ops.reshape(read, (-1, self.heads * self.size)))
        x = x + self.dropout(read, training=training)
        wide = self.expand(self.feed_forward_norm(x))
        return x + self.dropout(self.contract(wide), training=training)


class TransformerEncoder(layers.Layer):
    """A stack of Transformer blocks over scaled embeddings with sinusoidal positions."""

    def __init__(self, section: EncoderSection, dropout: float):
        """Make the encoder that `section` describes."""
        super().__init__(name="encoder")
        self.units = section.units
        self.dropout = layers.Dropout(dropout)
        self.blocks = [
            TransformerBlock(
                section.units, section.heads, section.feed_forward, dropout, f"block_{i}"
            )
            for i in range(section.layers)
        ]
        self.norm = layers.LayerNormalization(epsilon=1e-6, name="norm")

    def build(self, shape: tuple[int | None, ...]) -> None:
        """Create every weight for embeddings [batch, source, units]."""
        if shape[-1] != self.units:
            raise ValueError(
                f"a Transformer encoder needs model.embedding = encoder.units; "
                f"they are {shape[-1]} and {self.units}"
            )
        for block in self.blocks:
            block.build((None, self.units))
        self.norm.build((None, self.units))

    def call(self, embedded: Tensor, mask: Tensor, training: bool = False) -> tuple[Tensor, Tensor]:
        """Map embedded [batch, source, units] to (memory alike, summary [batch, units])."""
        x = embedded * math.sqrt(self.units) + sinusoids(ops.shape(embedded)[1], self.units)
        x = self.dropout(x, training=training)
        bias = ops.where(mask, 0.0, NEGATIVE)[:, None, None, :]
        x = ops.reshape(x, (-1, self.units))
        for block in self.blocks:
            x = block(x, bias, training=training)
        memory = ops.reshape(self.norm(x), (*ops.shape(mask), self.units))
        return memory, masked_mean(memory, mask)


RECURRENT_LAYERS: dict[str, type[layers.Layer]] = {"lstm": layers.LSTM, "gru": layers.GRU}


class RecurrentEncoder(layers.Layer):
    """Stacked LSTM or GRU layers, each in one or both directions, residual from the second on."""

    def __init__(self, section: EncoderSection, dropout: float):
        """Make the encoder; a bidirectional layer gives each direction half of `units`."""
        super().__init__(name="encoder")
        self.units = section.units
        self.dropout = layers.Dropout(dropout)
        recurrent = RECURRENT_LAYERS[section.cell]
        if section.bidirectional and section.units % 2:
            raise ValueError("a bidirectional encoder needs an even number of units")
        self.stack: list[layers.Layer] = []
        for index in range(section.layers):
            size = section.units // 2 if section.bidirectional else section.units
            layer = recurrent(size, return_sequences=True, use_cudnn=False, name=f"cell_{index}")
            if section.bidirectional:
                layer = layers.Bidirectional(layer, name=f"layer_{index}")
            self.stack.append(layer)

    def build(self, shape: tuple[int | None, ...]) -> None:
        """Create every weight for embeddings [batch, source, embedding]."""
        for layer in self.stack:
            layer.build(shape)
            shape = (*shape[:-1], self.units)

    def call(self, embedded: Tensor, mask: Tensor, training: bool = False) -> tuple[Tensor, Tensor]:
        """Map embedded [batch, source, embedding] to (memory [batch, source, units], summary)."""
        x = self.dropout(embedded, training=training)
        for index, layer in enumerate(self.stack):
            read = layer(x, mask=mask, training=training)
            x = read if index == 0 else x + self.dropout(read, training=training)
        memory = x * ops.cast(mask, "float32")[:, :, None]
        return memory, masked_mean(memory, mask)


ENCODERS: dict[str, type[layers.Layer]] = {
    "transformer": TransformerEncoder,
    "recurrent": RecurrentEncoder,
}
