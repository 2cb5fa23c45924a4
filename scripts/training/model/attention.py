"""Attention scores: a query and precomputed keys in, one score for each source position out."""

from __future__ import annotations

from typing import Any

from keras import layers, ops

Tensor = Any


class DotAttention(layers.Layer):
    """Luong et al. 2015, `dot`: the query is compared with the memory itself; sizes must agree."""

    feeds_cell = False

    def __init__(self, query_units: int, memory_units: int):
        """Check that query and memory have the same size."""
        super().__init__(name="attention")
        if query_units != memory_units:
            raise ValueError(
                f"dot attention needs decoder.units = encoder.units; "
                f"they are {query_units} and {memory_units} (use `general`)"
            )

    def keys(self, memory: Tensor) -> Tensor:
        """Return what `scores` compares with: [batch, source, units]."""
        return memory

    def scores(self, query: Tensor, keys: Tensor) -> Tensor:
        """Map query [batch, target, units] and keys to scores [batch, target, source]."""
        return ops.matmul(query, ops.transpose(keys, (0, 2, 1)))


class GeneralAttention(layers.Layer):
    """Luong et al. 2015, `general`: the memory is projected to the query's size once."""

    feeds_cell = False

    def __init__(self, query_units: int, memory_units: int):
        """Make a projection from `memory_units` to `query_units`."""
        super().__init__(name="attention")
        self.projection = layers.Dense(query_units, use_bias=False, name="projection")
        self.projection.build((None, None, memory_units))

    def keys(self, memory: Tensor) -> Tensor:
        """Return the projected memory [batch, source, query units]."""
        flat = ops.reshape(memory, (-1, memory.shape[-1]))  # one product of matrices
        shape = (*ops.shape(memory)[:2], self.projection.units)
        return ops.reshape(self.projection(flat), shape)

    def scores(self, query: Tensor, keys: Tensor) -> Tensor:
        """Map query [batch, target, units] and keys to scores [batch, target, source]."""
        return ops.matmul(query, ops.transpose(keys, (0, 2, 1)))


class BahdanauAttention(layers.Layer):
    """Bahdanau et al. 2014: v · tanh(W query + U memory), computed before the cell's step."""

    feeds_cell = True

    def __init__(self, query_units: int, memory_units: int):
        """Make the two projections to `query_units` and the score vector."""
        super().__init__(name="attention")
        self.memory_projection = layers.Dense(query_units, name="memory_projection")
        self.query_projection = layers.Dense(query_units, use_bias=False, name="query_projection")
        self.score = layers.Dense(1, use_bias=False, name="score")
        self.memory_projection.build((None, None, memory_units))
        self.query_projection.build((None, None, query_units))
        self.score.build((None, None, None, query_units))

    def keys(self, memory: Tensor) -> Tensor:
        """Return the projected memory [batch, source, query units]."""
        return self.memory_projection(memory)

    def scores(self, query: Tensor, keys: Tensor) -> Tensor:
        """Map query [batch, target, units] and keys to scores [batch, target, source]."""
        mixed = ops.tanh(self.query_projection(query)[:, :, None, :] + keys[:, None, :, :])
        return ops.squeeze(self.score(mixed), axis=-1)


ATTENTIONS: dict[str, type[layers.Layer]] = {
    "dot": DotAttention,
    "general": GeneralAttention,
    "bahdanau": BahdanauAttention,
}
