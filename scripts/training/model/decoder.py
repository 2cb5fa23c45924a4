"""The recurrent decoder with attention: all steps at once in training, one step in serving.

Layer 1 reads the previous token; its output asks the attention for a context; the layers above read
that output beside the context (the arrangement of GNMT, Wu et al. 2016, section 3), so that the
decoder remembers what it has attended to although every step of a layer runs in one call. With one
layer this is Luong et al. 2015 without input feeding. An attention that feeds the cell (Bahdanau)
puts the context beside layer 1's input instead, computed from its previous output. Without any
attention all that the decoder knows of its source is its initial state (Sutskever et al. 2014).
"""

from __future__ import annotations

from typing import Any

from keras import layers, ops

from scripts.training.config import DecoderSection
from scripts.training.model.attention import ATTENTIONS
from scripts.training.model.encoders import NEGATIVE, RECURRENT_LAYERS

Tensor = Any
STATES_PER_CELL = {"lstm": 2, "gru": 1}


def beside(x: Tensor, context: Tensor) -> Tensor:
    """Return both side by side; `x` itself where there is no attention, and so no context."""
    return x if context is None else ops.concatenate([x, context], axis=-1)


class AttentionCell(layers.Layer):
    """A cell whose input is the token beside a context read with its previous output.

    Memory, keys and mask travel as states that never change: `keras.layers.RNN` hands a cell
    nothing else that has a batch axis.
    """

    def __init__(self, cell: layers.Layer, attention: layers.Layer, memory_units: int):
        """Wrap `cell` (LSTMCell or GRUCell)."""
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
        scores = self.attention.scores(query[:, None, :], keys)[:, 0, :]
        weights = ops.softmax(scores + bias, axis=-1)
        return ops.squeeze(ops.matmul(weights[:, None, :], memory), axis=1), weights

    def call(
        self, x: Tensor, states: list[Tensor], training: bool = False
    ) -> tuple[Tensor, list[Tensor]]:
        """Map x [batch, embedding] to ([batch, units + memory units], new states)."""
        own, (memory, keys, bias) = list(states[: self.cell_states]), states[self.cell_states :]
        context, _ = self.read(own[0], memory, keys, bias[:, :, 0])
        output, own = self.cell(ops.concatenate([x, context], axis=-1), own, training=training)
        return ops.concatenate([output, context], axis=-1), [*own, memory, keys, bias]


class RecurrentDecoder(layers.Layer):
    """Embeddings and a memory in, features for the tied output layer out."""

    def __init__(self, section: DecoderSection, embedding: int, memory_units: int, dropout: float):
        """Make the decoder that `section` describes, with every weight created."""
        super().__init__(name="decoder")
        self.section = section
        self.units = section.units
        self.per_cell = STATES_PER_CELL[section.cell]
        self.dropout = layers.Dropout(dropout)
        self.attends = section.attention != "none"
        self.attention: Any = None
        context = memory_units if self.attends else 0
        if self.attends:
            self.attention = ATTENTIONS[section.attention](section.units, memory_units)
        recurrent = RECURRENT_LAYERS[section.cell]
        self.stack = [
            recurrent(section.units, return_sequences=True, use_cudnn=False, name=f"layer_{i}")
            for i in range(section.layers)
        ]
        self.feeds_cell = self.attends and self.attention.feeds_cell
        first = embedding + context if self.feeds_cell else embedding
        for index, layer in enumerate(self.stack):
            layer.build((None, None, first if index == 0 else section.units + context))
        if self.feeds_cell:
            self.attention_cell = AttentionCell(self.stack[0].cell, self.attention, memory_units)
            self.feeding = layers.RNN(self.attention_cell, return_sequences=True, name="feeding")
        self.bridges = [
            layers.Dense(section.units, activation="tanh", name=f"bridge_{i}")
            for i in range(self.per_cell * section.layers)
        ]
        for bridge in self.bridges:
            bridge.build((None, memory_units))
        self.readout = layers.Dense(embedding, activation="tanh", name="readout")
        self.readout.build((None, None, section.units + context))

    def build(self, shape: tuple[int | None, ...]) -> None:
        """Every weight exists already."""

    @property
    def state_count(self) -> int:
        """How many state tensors [batch, units] a step carries."""
        return len(self.bridges)

    def start(self, summary: Tensor) -> list[Tensor]:
        """Return the initial states, each [batch, units], from summary [batch, memory units]."""
        return [bridge(summary) for bridge in self.bridges]

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
            embedded: the previous tokens' embeddings [batch, target, embedding].
            memory: [batch, source, memory units].
            mask: bool [batch, source].
            summary: [batch, memory units].
            keys: `attention.keys(memory)`, if they are there already.
            training: whether dropout acts.

        Returns:
            (features [batch, target, embedding] for the tied output layer; what they are made of,
            the top layer's output beside the context [batch, target, units + memory units], by
            itself where there is no attention).
        """
        states = self.start(summary)
        own = [states[i * self.per_cell : (i + 1) * self.per_cell] for i in range(len(self.stack))]
        if self.attends and keys is None:
            keys = self.attention.keys(memory)
        x = self.dropout(embedded, training=training)
        context = None
        if self.feeds_cell:
            bias = ops.where(mask, 0.0, NEGATIVE)[:, :, None]
            both = self.feeding(x, initial_state=[*own[0], memory, keys, bias])
            x, context = both[..., : self.units], both[..., self.units :]
        else:
            x = self.stack[0](x, initial_state=own[0], training=training)
        if self.attends and not self.feeds_cell:
            bias = ops.where(mask, 0.0, NEGATIVE)[:, None, :]
            weights = ops.softmax(self.attention.scores(x, keys) + bias, axis=-1)
            context = ops.matmul(weights, memory)
        for layer, initial in zip(self.stack[1:], own[1:], strict=True):
            lower = self.dropout(beside(x, context), training=training)
            x = layer(lower, initial_state=initial, training=training)
        read = beside(x, context)
        return self.dropout(self.readout(read), training=training), read

    def step(
        self, embedded: Tensor, states: list[Tensor], memory: Tensor, keys: Tensor, mask: Tensor
    ) -> tuple[Tensor, Tensor, list[Tensor], Tensor]:
        """Decode one step; `memory`, `keys` and `mask` are None where there is no attention.

        Args:
            embedded: the previous token's embedding [batch, embedding].
            states: `state_count` tensors [batch, units].
            memory: [batch, source, memory units].
            keys: `attention.keys(memory)`.
            mask: bool [batch, source].

        Returns:
            (features [batch, embedding], what they are made of [batch, units + memory units],
            new states, attention weights [batch, source] or None).
        """
        own = [states[i * self.per_cell : (i + 1) * self.per_cell] for i in range(len(self.stack))]
        context = weights = None
        bias = ops.where(mask, 0.0, NEGATIVE) if self.attends else None
        if self.feeds_cell:
            context, weights = self.attention_cell.read(own[0][0], memory, keys, bias)
            x, new = self.stack[0].cell(ops.concatenate([embedded, context], axis=-1), own[0])
        else:
            x, new = self.stack[0].cell(embedded, own[0])
        if self.attends and not self.feeds_cell:
            scores = self.attention.scores(x[:, None, :], keys)[:, 0, :]
            weights = ops.softmax(scores + bias, axis=-1)
            context = ops.squeeze(ops.matmul(weights[:, None, :], memory), axis=1)
        result = list(new)
        for layer, initial in zip(self.stack[1:], own[1:], strict=True):
            x, new = layer.cell(beside(x, context), initial)
            result += list(new)
        read = beside(x, context)
        return self.readout(read), read, result, weights
