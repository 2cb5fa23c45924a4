"""The recurrent cells, in encoder and decoder alike."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from keras import layers

Tensor = Any


@dataclass(frozen=True)
class Cell:
    """How to make a layer of the cell, and how many tensors [batch, units] its state is.

    The first of them is the cell's output.
    """

    layer: Callable[..., layers.Layer]
    states: int

    def make(self, units: int, name: str, **options: Any) -> layers.Layer:
        """Return a layer over [batch, steps, features], free of kernels of cuDNN."""
        return self.layer(units, return_sequences=True, name=name, **options)


def _lstm(units: int, **options: Any) -> layers.Layer:
    return layers.LSTM(units, use_cudnn=False, **options)


def _gru(units: int, **options: Any) -> layers.Layer:
    return layers.GRU(units, use_cudnn=False, **options)


CELLS: dict[str, Cell] = {
    "simple_rnn": Cell(layers.SimpleRNN, 1),
    "lstm": Cell(_lstm, 2),
    "gru": Cell(_gru, 1),
}
