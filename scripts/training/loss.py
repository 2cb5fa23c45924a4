"""Cross-entropy with label smoothing (Szegedy et al. 2016), padding left out.

Two of them: for a model that returns logits, and for one that mixes generating with copying.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from keras import ops

from scripts.training.model.encoders import NEGATIVE

Tensor = Any
Parts = dict[str, Tensor]


def smoothed_cross_entropy(smoothing: float) -> Callable[[Tensor, Tensor, Tensor], Tensor]:
    """Return loss(labels int [..., target], logits [..., target, vocabulary], rows) → nats a label.

    `rows` [...] are weights of the rows, or None: with the advantages of sampled outputs it is what
    policy gradients descend (Williams 1992); padding and the number of labels count all the same.
    With smoothing e, the target is 1 - e on the label and e spread over the vocabulary:
    loss = logsumexp(logits) - (1 - e) · logits[label] - e · mean(logits), averaged where label ≠ 0.
    """

    def loss(labels: Tensor, logits: Tensor, rows: Tensor = None) -> Tensor:
        labels = ops.cast(labels, "int32")
        weights = ops.cast(ops.not_equal(labels, 0), "float32")
        picked = ops.squeeze(ops.take_along_axis(logits, labels[..., None], axis=-1), axis=-1)
        nats = ops.logsumexp(logits, axis=-1) - (1.0 - smoothing) * picked
        nats = nats - smoothing * ops.mean(logits, axis=-1)
        if rows is not None:
            nats = nats * rows[..., None]
        return ops.sum(nats * weights) / ops.maximum(ops.sum(weights), 1.0)

    return loss


def mixture_cross_entropy(smoothing: float) -> Callable[[Tensor, Parts, Tensor], Tensor]:
    """Return loss(labels int [batch, target], parts) → nats per label, for a pointer-generator.

    `parts` are `logits` [batch, target, vocabulary], `gate` [batch, target], `copies` (logs,
    [batch, target, source]) and `ids` int [batch, source], as `Pointer` returns them. Only the
    label's probability is needed, so that nothing is scattered over the vocabulary:

        log p = log(σ(gate) · softmax(logits)[label] + σ(-gate) · Σ copies where ids = label)
        loss  = -(1 - e) · log p - e · mean(log softmax(logits))

    With smoothing e, the spread part is asked of the generator alone: the pointer cannot leave the
    source, and smoothing must not keep it from being chosen.
    """

    def loss(labels: Tensor, parts: Parts, rows: Tensor = None) -> Tensor:
        labels, logits, gate = ops.cast(labels, "int32"), parts["logits"], parts["gate"]
        weights = ops.cast(ops.not_equal(labels, 0), "float32")
        picked = ops.squeeze(ops.take_along_axis(logits, labels[..., None], axis=-1), axis=-1)
        total = ops.logsumexp(logits, axis=-1)
        here = ops.equal(labels[:, :, None], ops.cast(parts["ids"], "int32")[:, None, :])
        copied = ops.logsumexp(ops.where(here, parts["copies"], NEGATIVE), axis=-1)
        mixed = ops.logaddexp(
            picked - total + ops.log_sigmoid(gate), copied + ops.log_sigmoid(-gate)
        )
        nats = -(1.0 - smoothing) * mixed + smoothing * (total - ops.mean(logits, axis=-1))
        if rows is not None:
            nats = nats * rows[..., None]
        return ops.sum(nats * weights) / ops.maximum(ops.sum(weights), 1.0)

    return loss


def inconsistency(labels: Tensor, logits: Tensor) -> Tensor:
    """Return how far two passes with other dropout disagree, in nats per label.

    `labels` and `logits` hold one pass after the other, [2 · batch, target(, vocabulary)]. The
    measure is half the symmetric divergence of R-Drop (Wu et al. 2021):

        ½ (KL(p‖q) + KL(q‖p)) = ½ Σ (p - q)(log p - log q) = ½ Σ (p - q)(logits p - logits q)
    """
    weights = ops.cast(ops.not_equal(ops.split(labels, 2)[0], 0), "float32")
    first, second = ops.split(logits, 2)
    apart = ops.softmax(first, axis=-1) - ops.softmax(second, axis=-1)
    nats = 0.5 * ops.sum(apart * (first - second), axis=-1)
    return ops.sum(nats * weights) / ops.maximum(ops.sum(weights), 1.0)
