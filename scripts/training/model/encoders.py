"""Encoders: token embeddings in, a memory to attend to and a summary to start from out."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from keras import layers, ops

from scripts.training.model.cells import CELLS
from scripts.training.model.packing import Padded, packing
from scripts.training.model.transformer import TransformerBlock, sinusoids

if TYPE_CHECKING:
    from scripts.training.config import EncoderSection, Recipe

NEGATIVE = -1e9  # finite: a row whose mask is all false still softmaxes to finite numbers
Tensor = Any


def masked_mean(memory: Tensor, mask: Tensor) -> Tensor:
    """Return the mean of memory [batch, source, units] where mask is true: [batch, units]."""
    weights = ops.cast(mask, "float32")[:, :, None]
    return ops.sum(memory * weights, axis=1) / ops.maximum(ops.sum(weights, axis=1), 1.0)


class EncoderBlock(TransformerBlock):
    """A block whose every place looks at every other."""

    def call(self, x: Tensor, bias: Tensor, *, layout: Padded, training: bool = False) -> Tensor:
        """Map x [places of `layout`, units] with bias [batch, 1, 1, source] to the same shape."""
        x = self.look_around(x, bias, ops.shape(bias)[0], training, layout)
        return self.think(x, training)


class TransformerEncoder(layers.Layer):
    """A stack of Transformer blocks over scaled embeddings with sinusoidal positions."""

    def __init__(self, recipe: Recipe):
        """Make the encoder that `recipe` describes."""
        super().__init__(name="encoder")
        section, dropout = recipe.encoder, recipe.model.dropout
        self.units = section.units
        self.dropout = layers.Dropout(dropout)
        self.blocks = [
            EncoderBlock(section.units, section.heads, section.feed_forward, dropout, f"block_{i}")
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
        x = embedded * math.sqrt(self.units) + sinusoids(
            ops.arange(ops.shape(embedded)[1]), self.units
        )
        x = self.dropout(x, training=training)
        bias = ops.where(mask, 0.0, NEGATIVE)[:, None, None, :]
        layout = packing(mask, training)
        x = layout.pack(ops.reshape(x, (-1, self.units)))
        for block in self.blocks:
            x = block(x, bias, layout=layout, training=training)
        memory = ops.reshape(layout.unpack(self.norm(x)), (*ops.shape(mask), self.units))
        return memory, masked_mean(memory, mask)


class RecurrentEncoder(layers.Layer):
    """Stacked recurrent layers, each in one or both directions, residual from the second on."""

    def __init__(self, section: EncoderSection, dropout: float, hands_over: bool = False):
        """Make the encoder; a bidirectional layer gives each direction half of `units`.

        It `hands_over` every layer's last state where a decoder begins with them.
        """
        super().__init__(name="encoder")
        self.units, self.hands_over = section.units, hands_over
        self.dropout = layers.Dropout(dropout)
        if section.bidirectional and section.units % 2:
            raise ValueError("a bidirectional encoder needs an even number of units")
        cell = CELLS[section.cell]
        self.stack: list[layers.Layer] = []
        for index in range(section.layers):
            size = section.units // 2 if section.bidirectional else section.units
            layer = cell.make(size, f"cell_{index}", return_state=self.hands_over)
            if section.bidirectional:
                layer = layers.Bidirectional(layer, name=f"layer_{index}")
            self.stack.append(layer)

    @classmethod
    def of(cls, recipe: Recipe) -> RecurrentEncoder:
        """Return the encoder that `recipe` describes."""
        return cls(recipe.encoder, recipe.model.dropout, recipe.decoder.broadcast)

    def build(self, shape: tuple[int | None, ...]) -> None:
        """Create every weight for embeddings [batch, source, embedding]."""
        for layer in self.stack:
            layer.build(shape)
            shape = (*shape[:-1], self.units)

    def call(self, embedded: Tensor, mask: Tensor, training: bool = False) -> tuple[Tensor, Tensor]:
        """Map embedded [batch, source, embedding] to (memory [batch, source, units], summary).

        The summary is the memory's mean [batch, units], or for a decoder that takes over every
        layer's last state all of these, [batch, layers · tensors of a state · units].
        """
        x = self.dropout(embedded, training=training)
        last: list[Tensor] = []
        for index, layer in enumerate(self.stack):
            read = layer(x, mask=mask, training=training)
            if self.hands_over:
                read, *states = read
                last += _both_directions(states, isinstance(layer, layers.Bidirectional))
            x = read if index == 0 else x + self.dropout(read, training=training)
        memory = x * ops.cast(mask, "float32")[:, :, None]
        if self.hands_over:
            return memory, ops.concatenate(last, axis=-1)
        return memory, masked_mean(memory, mask)


def _both_directions(states: list[Tensor], bidirectional: bool) -> list[Tensor]:
    """Return a layer's last states [batch, units]: [h, c], of [h→, c→, h←, c←] if bidirectional."""
    if not bidirectional:
        return states
    half = len(states) // 2
    pairs = zip(states[:half], states[half:], strict=True)
    return [ops.concatenate(pair, axis=-1) for pair in pairs]


ENCODERS: dict[str, Callable[[Recipe], layers.Layer]] = {
    "transformer": TransformerEncoder,
    "recurrent": RecurrentEncoder.of,
}
