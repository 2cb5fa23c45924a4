"""Cross-entropy with label smoothing (Szegedy et al. 2016), padding left out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from keras import ops

Tensor = Any


def smoothed_cross_entropy(smoothing: float) -> Callable[[Tensor, Tensor], Tensor]:
    """Return loss(labels int [batch, target], logits [batch, target, vocabulary]) → nats per label.

    With smoothing e, the target is 1 - e on the label and e spread over the vocabulary:
    loss = logsumexp(logits) - (1 - e) · logits[label] - e · mean(logits), averaged where label ≠ 0.
    """

    def loss(labels: Tensor, logits: Tensor) -> Tensor:
        labels = ops.cast(labels, "int32")
        weights = ops.cast(ops.not_equal(labels, 0), "float32")
        picked = ops.squeeze(ops.take_along_axis(logits, labels[..., None], axis=-1), axis=-1)
        nats = ops.logsumexp(logits, axis=-1) - (1.0 - smoothing) * picked
        nats = nats - smoothing * ops.mean(logits, axis=-1)
        return ops.sum(nats * weights) / ops.maximum(ops.sum(weights), 1.0)

    return loss
