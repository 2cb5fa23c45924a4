"""Series in, series out: a recurrent encoder, and a decoder that reads what it has just written.

Training runs as serving does: no step is ever fed the truth, so that no error is met for the first
time in service. What teacher forcing gains in speed it would lose in every step that follows a
wrong one.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import layers, ops

from scripts.training.model.cells import CELLS

Tensor = Any


class FeedbackCell(layers.Layer):
    """A cell that is fed its own last value; that value travels as its last state."""

    def __init__(self, cell: layers.Layer, features: int):
        """Wrap `cell`, whose output becomes a value of `features` numbers."""
        super().__init__(name="feedback")
        self.cell = cell
        self.readout = layers.Dense(features, name="readout")
        sizes = cell.state_size if isinstance(cell.state_size, list) else [cell.state_size]
        self.state_size = [*sizes, features]
        self.output_size = features
        cell.build((None, features))
        self.readout.build((None, cell.units))

    def build(self, shape: tuple[int | None, ...]) -> None:
        """Every weight exists already."""

    def call(
        self, x: Tensor, states: list[Tensor], training: bool = False
    ) -> tuple[Tensor, list[Tensor]]:
        """Return (value [batch, features], new states); `x` only tells that there is a step."""
        *own, value = states
        output, own = self.cell(value, own)
        value = self.readout(output)
        return value, [*own, value]


class SeriesModel(keras.Model):
    """Map values [batch, source, features] to as many steps as `steps` [batch, steps, features]."""

    def __init__(self, cell: str, units: int, steps: int, features: tuple[int, int] = (1, 1)):
        """Make a model with every weight created; `features` are those read and written."""
        super().__init__(name="series")
        kind = CELLS[cell]
        self.encoder = kind.layer(units, return_state=True, name="encoder")
        self.encoder.build((None, None, features[0]))
        self.cell = FeedbackCell(kind.single(units, name="decoder"), features[1])
        self.decoder = layers.RNN(self.cell, return_sequences=True, name="decoder")
        self.steps = steps
        self.features = features
        self.built = True

    @property
    def slow_variables(self) -> list[Any]:
        """Nothing was pretrained."""
        return []

    def build(self, shape: Any) -> None:
        """Every weight exists already."""

    def _begin(self, values: Tensor, mask: Tensor) -> list[Tensor]:
        _, *states = self.encoder(values, mask=mask)
        return states

    def call(self, inputs: tuple[Tensor, Tensor], training: bool = False) -> Tensor:
        """Read (values [batch, source, features], mask bool [batch, source]) and run freely."""
        states = self._begin(*inputs)
        nothing = ops.zeros_like(states[0][:, :1])  # [batch, 1]
        start = ops.tile(nothing, (1, self.features[1]))
        idle = ops.tile(nothing[:, None, :], (1, self.steps, 1))
        return self.decoder(idle, initial_state=[*states, start])

    def compute_loss(
        self,
        x: Any = None,
        y: Tensor = None,
        y_pred: Tensor = None,
        sample_weight: Any = None,
        training: bool = True,
    ) -> Tensor:
        """Return the mean squared error; Keras calls this in every step."""
        return ops.mean(ops.square(y_pred - y))

    def encode(self, inputs: dict[str, Tensor]) -> dict[str, Tensor]:
        """Map `values` and `mask` to the initial states: there is no memory."""
        states = self._begin(inputs["values"], inputs["mask"])
        return {f"state_{index}": state for index, state in enumerate(states)}

    def step(self, inputs: dict[str, Tensor]) -> dict[str, Tensor]:
        """Map a value [batch, features] and the states to the next value and states."""
        count = len(self.cell.state_size) - 1
        own = [inputs[f"state_{index}"] for index in range(count)]
        output, (*own, _) = self.cell(None, [*own, inputs["value"]])
        return {"value": output, **{f"state_{index}": state for index, state in enumerate(own)}}
