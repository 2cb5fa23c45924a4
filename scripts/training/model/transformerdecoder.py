"""The Transformer decoder (Vaswani et al. 2017): what it has said is a cache in the contract.

Training computes all steps at once under a causal mask. A step of serving computes one query a row,
and writes its key and value into the row's own place of a cache of fixed length.
"""

from __future__ import annotations

import math
from typing import Any

from keras import layers, ops

from scripts.training.config import Recipe
from scripts.training.model.encoders import NEGATIVE
from scripts.training.model.transformer import TransformerBlock, sinusoids

Tensor = Any
KeyValue = tuple[Tensor, Tensor]


class DecoderBlock(TransformerBlock):
    """A Transformer block that also attends to the encoder's memory."""

    def __init__(self, units: int, heads: int, feed_forward: int, dropout: float, name: str):
        """Make a block of `units` wide; `heads` must divide it."""
        super().__init__(units, heads, feed_forward, dropout, name)
        self.memory_norm = layers.LayerNormalization(epsilon=1e-6, name="memory_norm")
        self.query_projection = layers.Dense(units, name="query_projection")
        self.read_projection = layers.Dense(units, name="read_projection")

    def build(self, shape: tuple[int | None, ...]) -> None:
        """Create every weight for inputs [batch · target, units]."""
        super().build(shape)
        self.memory_norm.build(shape)
        self.query_projection.build(shape)
        self.read_projection.build(shape)

    def call(
        self, x: Tensor, causal: Tensor, memory: KeyValue, bias: Tensor, training: bool = False
    ) -> Tensor:
        """Map x [batch · target, units] to the same shape.

        Args:
            x: all steps of all rows in one axis.
            causal: a bias [1, 1, target, target].
            memory: the memory's key and value, each [batch, heads, source, size].
            bias: of the memory, [batch, 1, 1, source].
            training: whether dropout acts.
        """
        x = self.look_around(x, causal, ops.shape(bias)[0], training)
        x, _ = self.look_at(x, memory, bias, training)
        return self.think(x, training)

    def look_at(
        self, x: Tensor, memory: KeyValue, bias: Tensor, training: bool = False
    ) -> tuple[Tensor, Tensor]:
        """Let x [batch · target, units] read the memory; return it and the weights."""
        query = self.query_projection(self.memory_norm(x))
        query = ops.reshape(query, (ops.shape(bias)[0], -1, self.heads, self.size))
        read, weights = self.attend(ops.transpose(query, (0, 2, 1, 3)), *memory, bias)
        return x + self.dropout(self.read_projection(read), training=training), weights

    def look_back(
        self, x: Tensor, cache: KeyValue, places: Tensor, bias: Tensor
    ) -> tuple[Tensor, KeyValue]:
        """Let one step x [batch, units] read the steps before and itself; return it and the cache.

        Args:
            x: [batch, units].
            cache: keys and values, each [batch, heads, length, size].
            places: where this step goes, int32 [batch · heads, 3]: row, head, place.
            bias: 0 up to this step, `NEGATIVE` after it, [batch, 1, 1, length].
        """
        mixed = ops.reshape(self.projection(self.attention_norm(x)), (-1, 3, self.heads, self.size))
        query, key, value = ops.unstack(mixed, 3, axis=1)
        # Keras' JAX backend reads indices of more axes than two the other way round.
        keys = ops.scatter_update(cache[0], places, ops.reshape(key, (-1, self.size)))
        values = ops.scatter_update(cache[1], places, ops.reshape(value, (-1, self.size)))
        read, _ = self.attend(query[:, :, None, :], keys, values, bias)
        return x + self.output_projection(read), (keys, values)


class TransformerDecoder(layers.Layer):
    """A stack of blocks over scaled embeddings with sinusoidal positions."""

    attends = True

    def __init__(self, recipe: Recipe):
        """Make the decoder that `recipe` describes, with every weight created.

        The cache holds `data.max_target` steps, the most that is ever asked for.
        """
        super().__init__(name="decoder")
        section, dropout = recipe.decoder, recipe.model.dropout
        self.units, self.heads = section.units, section.heads
        self.size = self.units // self.heads
        self.length = recipe.data.max_target
        self.read_units = self.units
        self.dropout = layers.Dropout(dropout)
        self.blocks = [
            DecoderBlock(self.units, self.heads, section.feed_forward, dropout, f"block_{i}")
            for i in range(section.layers)
        ]
        for block in self.blocks:
            block.build((None, self.units))
        self.norm = layers.LayerNormalization(epsilon=1e-6, name="norm")
        self.norm.build((None, self.units))
        self.key_projection = layers.Dense(2 * section.layers * self.units, name="key_projection")
        self.key_projection.build((None, recipe.encoder.units))

    def build(self, shape: tuple[int | None, ...]) -> None:
        """Every weight exists already."""

    def keys(self, memory: Tensor) -> Tensor:
        """Return the keys and values of all layers [batch, source, layers · 2 · units]."""
        flat = ops.reshape(memory, (-1, memory.shape[-1]))  # one product of matrices
        shape = (*ops.shape(memory)[:2], self.key_projection.units)
        return ops.reshape(self.key_projection(flat), shape)

    def _by_block(self, keys: Tensor) -> list[KeyValue]:
        """Return for each layer the key and the value, each [batch, heads, source, size]."""
        count = len(self.blocks)
        shape = (*ops.shape(keys)[:2], 2 * count, self.heads, self.size)
        parts = ops.unstack(ops.transpose(ops.reshape(keys, shape), (2, 0, 3, 1, 4)), 2 * count)
        return [(parts[2 * index], parts[2 * index + 1]) for index in range(count)]

    def call(
        self,
        embedded: Tensor,
        memory: Tensor,
        mask: Tensor,
        summary: Tensor,
        keys: Tensor = None,
        training: bool = False,
    ) -> tuple[Tensor, Tensor]:
        """Decode all steps with teacher forcing.

        Args:
            embedded: the previous tokens' embeddings [batch, target, units].
            memory: [batch, source, memory units].
            mask: bool [batch, source].
            summary: not read.
            keys: `keys(memory)`, if they are there already.
            training: whether dropout acts.

        Returns:
            (features [batch, target, units] for the tied output layer, and the same again).
        """
        batch, target = ops.shape(embedded)[0], ops.shape(embedded)[1]
        steps = ops.arange(target)
        x = embedded * math.sqrt(self.units) + sinusoids(steps, self.units)
        x = ops.reshape(self.dropout(x, training=training), (-1, self.units))
        causal = ops.where(steps[None, :] <= steps[:, None], 0.0, NEGATIVE)[None, None, :, :]
        bias = ops.where(mask, 0.0, NEGATIVE)[:, None, None, :]
        pairs = self._by_block(self.keys(memory) if keys is None else keys)
        for block, pair in zip(self.blocks, pairs, strict=True):
            x = block(x, causal, pair, bias, training=training)
        features = ops.reshape(self.norm(x), (batch, target, self.units))
        return features, features

    def begin(self, memory: Tensor, mask: Tensor, summary: Tensor) -> dict[str, Tensor]:
        """Return the tensors of the contract that `step` takes; the arguments are `call`'s."""
        position = ops.zeros_like(mask[:, 0], dtype="int32")
        empty = ops.zeros((1, self.heads, self.length, self.size))
        empty = empty + ops.cast(position, "float32")[:, None, None, None]
        tensors = {"memory_mask": mask, "state_position": position}
        for index, (key, value) in enumerate(self._by_block(self.keys(memory))):
            tensors |= {f"memory_keys_{index}": key, f"memory_values_{index}": value}
            tensors |= {f"state_keys_{index}": empty, f"state_values_{index}": empty}
        return tensors

    def step(
        self, embedded: Tensor, inputs: dict[str, Tensor]
    ) -> tuple[Tensor, Tensor, dict[str, Tensor], Tensor]:
        """Decode one step; past the cache's end it overwrites the last place.

        Args:
            embedded: the previous token's embedding [batch, units].
            inputs: what `begin` returned, with the states of the step before.

        Returns:
            (features [batch, units], the same again, new states, the last layer's attention to the
            memory [batch, source], the mean of its heads).
        """
        position = inputs["state_position"]
        x = embedded * math.sqrt(self.units) + sinusoids(position, self.units)
        bias = ops.where(inputs["memory_mask"], 0.0, NEGATIVE)[:, None, None, :]
        slots = ops.arange(self.length, dtype="int32")
        past = ops.where(slots <= position[:, None], 0.0, NEGATIVE)[:, None, None, :]
        places = self._places(ops.minimum(position, self.length - 1))
        states: dict[str, Tensor] = {"state_position": position + 1}
        weights: Tensor = None
        for index, block in enumerate(self.blocks):
            cache = inputs[f"state_keys_{index}"], inputs[f"state_values_{index}"]
            x, cache = block.look_back(x, cache, places, past)
            pair = inputs[f"memory_keys_{index}"], inputs[f"memory_values_{index}"]
            x, weights = block.look_at(x, pair, bias)
            x = block.think(x, training=False)
            states |= {f"state_keys_{index}": cache[0], f"state_values_{index}": cache[1]}
        features = self.norm(x)
        return features, features, states, ops.mean(weights[:, :, 0, :], axis=1)

    def _places(self, position: Tensor) -> Tensor:
        """Return int32 [batch · heads, 3] of position [batch]: each row's and head's place."""
        rows = ops.arange(ops.shape(position)[0], dtype="int32")[:, None]
        heads = ops.arange(self.heads, dtype="int32")[None, :]
        zeros = ops.zeros_like(rows + heads)
        places = ops.stack([rows + zeros, heads + zeros, position[:, None] + zeros], axis=-1)
        return ops.reshape(places, (-1, 3))
