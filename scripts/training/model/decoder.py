"""The recurrent decoder: all steps at once in training, one step in serving.

What its layers read at each step is its conditioning. With attention, layer 1 reads the previous
token; its output asks the attention for a context; the layers above read that output beside the
context (the arrangement of GNMT, Wu et al. 2016, section 3), so that the decoder remembers what it
has attended to although every step of a layer runs in one call. With one layer this is Luong et al.
2015 without input feeding. An attention that feeds the cell (Bahdanau) puts the context beside
layer 1's input instead, computed from its previous output.
"""

from __future__ import annotations

from typing import Any

from keras import layers, ops

from scripts.training.config import Recipe
from scripts.training.model.attention import ATTENTIONS
from scripts.training.model.cells import CELLS
from scripts.training.model.conditioning import CONDITIONINGS, beside
from scripts.training.model.encoders import NEGATIVE
from scripts.training.model.feeding import AttentionCell

Tensor = Any


class RecurrentDecoder(layers.Layer):
    """Embeddings and a memory in, features for the tied output layer out."""

    def __init__(self, recipe: Recipe):
        """Make the decoder that `recipe` describes, with every weight created."""
        super().__init__(name="decoder")
        section, embedding = recipe.decoder, recipe.model.embedding
        memory_units = recipe.encoder.units
        cell = CELLS[section.cell]
        self.units, self.per_cell = section.units, cell.states
        self.takes_over = section.broadcast
        self.conditioning = CONDITIONINGS[section.conditioning]
        self.dropout = layers.Dropout(recipe.model.dropout)
        self.attends = section.conditioning == "attention"
        self.attention: Any = None
        if self.attends:
            self.attention = ATTENTIONS[section.attention](section, memory_units)
        self.stack = [cell.make(section.units, f"layer_{i}") for i in range(section.layers)]
        self.feeds_cell = self.attends and self.attention.feeds_cell
        first = embedding if self.conditioning.token else 0
        first += memory_units if self.conditioning.fixed or self.feeds_cell else 0
        context = memory_units if self.conditioning.throughout else 0
        for index, layer in enumerate(self.stack):
            layer.build((None, None, first if index == 0 else section.units + context))
        if self.feeds_cell:
            self.attention_cell = AttentionCell(self.stack[0].cell, self.attention, memory_units)
            self.feeding = layers.RNN(self.attention_cell, return_sequences=True, name="feeding")
        self.state_count = self.per_cell * section.layers
        self.bridges = [
            layers.Dense(section.units, activation="tanh", name=f"bridge_{i}")
            for i in range(0 if self.takes_over else self.state_count)
        ]
        for bridge in self.bridges:
            bridge.build((None, memory_units))
        self.read_units = section.units + context
        self.readout = layers.Dense(embedding, activation="tanh", name="readout")
        self.readout.build((None, None, self.read_units))

    def build(self, shape: tuple[int | None, ...]) -> None:
        """Every weight exists already."""

    def start(self, summary: Tensor) -> list[Tensor]:
        """Return the initial states, each [batch, units], from the encoder's summary."""
        if self.takes_over:
            return ops.split(summary, self.state_count, axis=-1)
        return [bridge(summary) for bridge in self.bridges]

    def fixed_context(self, summary: Tensor) -> Tensor:
        """Return the context [batch, memory units] that stays; None where there is none.

        Of the encoder's last states it is the output of the top layer.
        """
        if not self.conditioning.fixed:
            return None
        return self.start(summary)[-self.per_cell] if self.takes_over else summary

    def keys(self, memory: Tensor) -> Tensor:
        """Return what is computed of the memory once, [batch, source, ...]."""
        return self.attention.keys(memory) if self.attends else memory

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
            summary: [batch, memory units], or the encoder's last states side by side.
            keys: `keys(memory)`, if they are there already.
            training: whether dropout acts.

        Returns:
            (features [batch, target, embedding] for the tied output layer; what they are made of
            [batch, target, read units]: the top layer's output, beside the context if there is one
            throughout).
        """
        own = self._by_layer(self.start(summary))
        keys = self.keys(memory) if keys is None else keys
        context = self.fixed_context(summary)
        if context is not None:
            context = context[:, None, :] + ops.zeros_like(embedded[:, :, :1])
        x = self.dropout(self.conditioning.enter(embedded, context), training=training)
        if self.feeds_cell:
            bias = ops.where(mask, 0.0, NEGATIVE)[:, :, None]
            both = self.feeding(x, initial_state=[*own[0], memory, keys, bias])
            x, context = both[..., : self.units], both[..., self.units :]
        else:
            x = self.stack[0](x, initial_state=own[0], training=training)
        if self.attends and not self.feeds_cell:
            bias = ops.where(mask, 0.0, NEGATIVE)[:, None, :]
            steps = ops.arange(ops.shape(embedded)[1])[None, :]
            context = ops.matmul(self.attention.weigh(x, keys, bias, steps), memory)
        context = context if self.conditioning.throughout else None
        for layer, initial in zip(self.stack[1:], own[1:], strict=True):
            lower = self.dropout(beside(x, context), training=training)
            x = layer(lower, initial_state=initial, training=training)
        read = beside(x, context)
        return self.dropout(self.readout(read), training=training), read

    def begin(self, memory: Tensor, mask: Tensor, summary: Tensor) -> dict[str, Tensor]:
        """Return the tensors of the contract that `step` takes; the arguments are `call`'s.

        Where nothing attends there are states only: a fixed context is one that never changes.
        """
        tensors = {f"state_{index}": state for index, state in enumerate(self.start(summary))}
        context = self.fixed_context(summary)
        if context is not None:
            tensors["state_context"] = context
        if not self.attends:
            return tensors
        if self.attention.counts:
            tensors["state_position"] = ops.zeros_like(mask[:, 0], dtype="int32")
        keys = self.attention.keys(memory)
        if keys is not memory:
            tensors["memory_keys"] = keys
        return {**tensors, "memory_values": memory, "memory_mask": mask}

    def step(
        self, embedded: Tensor, inputs: dict[str, Tensor]
    ) -> tuple[Tensor, Tensor, dict[str, Tensor], Tensor]:
        """Decode one step.

        Args:
            embedded: the previous token's embedding [batch, embedding].
            inputs: what `begin` returned, with the states of the step before.

        Returns:
            (features [batch, embedding], what they are made of [batch, read units], new states,
            attention weights [batch, source] or None).
        """
        own = self._by_layer([inputs[f"state_{i}"] for i in range(self.state_count)])
        memory, mask = inputs.get("memory_values"), inputs.get("memory_mask")
        keys, context = inputs.get("memory_keys", memory), inputs.get("state_context")
        bias: Tensor = ops.where(mask, 0.0, NEGATIVE) if self.attends else None
        kept = {} if context is None else {"state_context": context}
        weights: Tensor = None
        x = self.conditioning.enter(embedded, context)
        if self.feeds_cell:
            context, weights = self.attention_cell.read(own[0][0], memory, keys, bias)
            x = beside(x, context)
        x, new = self.stack[0].cell(x, own[0])
        if self.attends and not self.feeds_cell:
            steps = inputs.get("state_position")
            if steps is not None:
                kept["state_position"] = steps + 1
                steps = steps[:, None]
            weights = self.attention.weigh(x[:, None, :], keys, bias[:, None, :], steps)
            context = ops.squeeze(ops.matmul(weights, memory), axis=1)
            weights = ops.squeeze(weights, axis=1)
        context = context if self.conditioning.throughout else None
        result = list(new)
        for layer, initial in zip(self.stack[1:], own[1:], strict=True):
            x, new = layer.cell(beside(x, context), initial)
            result += list(new)
        states = {f"state_{index}": state for index, state in enumerate(result)}
        read = beside(x, context)
        return self.readout(read), read, {**states, **kept}, weights

    def _by_layer(self, states: list[Tensor]) -> list[list[Tensor]]:
        """Return [[h, c], [h, c]] of [h, c, h, c]."""
        return [states[i : i + self.per_cell] for i in range(0, len(states), self.per_cell)]
