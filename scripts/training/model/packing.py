"""The real tokens of a padded batch in one axis: what is done to each token is not done to padding.

Sentences of unequal lengths are half padding, as a rule. Only attention needs the rectangle.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

Tensor = Any
WHOLE = 16
"""Rows and width that are both multiples of this are taken as they are. The engine's exact mode
pads to them: products of as many rows as there are real tokens would round by the company."""


class Padded:
    """Every place of the rectangle: what training needs, whose shapes must be known before."""

    def pack(self, x: Tensor) -> Tensor:
        """Return x [batch · length, ...] as it is."""
        return x

    def unpack(self, x: Tensor) -> Tensor:
        """Return x [batch · length, ...] as it is."""
        return x


class Packed(Padded):
    """The places that are real, in their order."""

    def __init__(self, mask: Tensor) -> None:
        """Keep the places where `mask` [batch, length] is true; all of them where none is.

        The last one is kept several times, so that their number is a multiple of 16.
        """
        batch, length = ops.shape(mask)
        whole = ops.logical_and(ops.equal(batch % WHOLE, 0), ops.equal(length % WHOLE, 0))
        whole = ops.logical_or(whole, ops.logical_not(ops.any(mask)))
        real = ops.reshape(ops.logical_or(mask, whole), (-1,))
        places = ops.nonzero(real)[0]
        # oneDNN prepares its kernels anew for every shape, and keeps about a thousand of them.
        spare = ops.mod(-ops.size(places), WHOLE)
        self._places = ops.concatenate([places, ops.repeat(places[-1:], spare)])
        # Padding gets a copy of the real token before it: something finite, which nobody reads.
        self._sources = ops.maximum(ops.cumsum(ops.cast(real, "int32")) - 1, 0)

    def pack(self, x: Tensor) -> Tensor:
        """Map x [batch · length, ...] to the real places [n, ...]."""
        return ops.take(x, self._places, axis=0)

    def unpack(self, x: Tensor) -> Tensor:
        """Map x [n, ...] back to [batch · length, ...]."""
        return ops.take(x, self._sources, axis=0)


def packing(mask: Tensor, training: bool) -> Padded:
    """Return how to lay out a batch: packed in an exported graph, whose shapes are free."""
    exported = keras.config.backend() == "tensorflow" and not training
    return Packed(mask) if exported else Padded()
