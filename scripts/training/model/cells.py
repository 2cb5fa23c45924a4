"""The recurrent cells, in encoder and decoder alike."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from keras import layers


@dataclass(frozen=True)
class Cell:
    """How to make a layer of the cell, a single step, and how many tensors its state is.

    They are [batch, units], and the first of them is the cell's output.
    """

    layer: Callable[..., layers.Layer]
    single: Callable[..., layers.Layer]
    states: int

    def make(self, units: int, name: str, return_state: bool = False) -> layers.Layer:
        """Return a layer over [batch, steps, features], free of kernels of cuDNN."""
        return self.layer(units, return_sequences=True, return_state=return_state, name=name)


CELLS: dict[str, Cell] = {
    "simple_rnn": Cell(layers.SimpleRNN, layers.SimpleRNNCell, 1),
    "lstm": Cell(partial(layers.LSTM, use_cudnn=False), layers.LSTMCell, 2),
    "gru": Cell(partial(layers.GRU, use_cudnn=False), layers.GRUCell, 1),
}
