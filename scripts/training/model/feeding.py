"""The cell of an attention that is asked before the cell's step (Bahdanau et al. 2014)."""

from __future__ import annotations

from typing import Any

from keras import layers, ops

from scripts.training.model.attention import Attention

Tensor = Any


class AttentionCell(layers.Layer):
    """A cell whose input is the token beside a context read with its previous output.

    Memory, keys and mask travel as states that never change: `keras.layers.RNN` hands a cell
    nothing else that has a batch axis.
    """

    def __init__(self, cell: layers.Layer, attention: Attention, memory_units: int):
        """Wrap `cell`, a cell of `CELLS`."""
        super().__init__(name="attention_cell")
        self.cell = cell
        self.attention = attention
        self.memory_units = memory_units
        sizes = cell.state_size if isinstance(cell.state_size, list) else [cell.state_size]
        self.cell_states = len(sizes)
        self.state_size = [*sizes, memory_units, cell.units, 1]
        self.output_size = cell.units + memory_units

    def build(self, shape: tuple[int | None, ...]) -> None:
        """Create the cell's weights for inputs [batch, embedding]."""
        if not self.cell.built:
            self.cell.build((*shape[:-1], int(shape[-1] or 0) + self.memory_units))

    def read(
        self, query: Tensor, memory: Tensor, keys: Tensor, bias: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Return (context [batch, memory units], weights [batch, source]) of [batch, units]."""
        weights = self.attention.weigh(query[:, None, :], keys, bias[:, None, :])
        return ops.squeeze(ops.matmul(weights, memory), axis=1), ops.squeeze(weights, axis=1)

    def call(
        self, x: Tensor, states: list[Tensor], training: bool = False
    ) -> tuple[Tensor, list[Tensor]]:
        """Map x [batch, embedding] to ([batch, units + memory units], new states)."""
        own, (memory, keys, bias) = list(states[: self.cell_states]), states[self.cell_states :]
        context, _ = self.read(own[0], memory, keys, bias[:, :, 0])
        output, own = self.cell(ops.concatenate([x, context], axis=-1), own, training=training)
        return ops.concatenate([output, context], axis=-1), [*own, memory, keys, bias]
