"""The readout of a model that says words: the embeddings again, behind a projection."""

from __future__ import annotations

from typing import Any

from keras import layers, ops

from scripts.training.labels.sampling import log_expected
from scripts.training.model.encoders import NEGATIVE

Tensor = Any


class WordHead(layers.Layer):
    """Features [batch, steps, units] to words, whose vectors are the embeddings [ids, embedding].

    Labels are int [batch, steps]; 0 is none, and no loss counts it.
    """

    def __init__(self, units: int, embedding: int, vocabulary: int):
        """Make a head with every weight created."""
        super().__init__(name="words")
        self.vocabulary = vocabulary
        self.projection = layers.Dense(embedding, name="projection")
        self.projection.build((None, None, units))
        self.bias = self.add_weight(shape=(vocabulary,), initializer="zeros", name="bias")
        self.built = True

    def nats(self, features: Tensor, labels: Tensor, table: Tensor) -> Tensor:
        """Return the mean nats a label, told from all words of the vocabulary."""
        logits = ops.matmul(self.projection(features), ops.transpose(table)) + self.bias
        labels = ops.cast(labels, "int32")
        right = ops.squeeze(ops.take_along_axis(logits, labels[..., None], axis=-1), axis=-1)
        return _mean(ops.logsumexp(logits, axis=-1) - right, labels)

    def sampled_nats(
        self, features: Tensor, labels: Tensor, table: Tensor, drawn: Tensor
    ) -> Tensor:
        """Return the mean nats a label, told from the ids `drawn` int [count] (Jean et al. 2015).

        Those are lowered by the logarithm of how often their words are expected among the drawn, so
        that the sum over them is about that over all; the right word itself counts once.
        """
        labels, drawn = ops.cast(labels, "int32"), ops.cast(drawn, "int32")
        count, ids = int(drawn.shape[0]), self.vocabulary
        said = self.projection(features)
        right = ops.sum(said * ops.take(table, labels, axis=0), axis=-1)
        right = right + ops.take(self.bias, labels)
        others = ops.matmul(said, ops.transpose(ops.take(table, drawn, axis=0)))
        others = others + ops.take(self.bias, drawn) - log_expected(drawn, count, ids)
        others = ops.where(ops.equal(labels[..., None], drawn), NEGATIVE, others)
        total = ops.logaddexp(ops.logsumexp(others, axis=-1), right)
        return _mean(total - right, labels)


def _mean(nats: Tensor, labels: Tensor) -> Tensor:
    weights = ops.cast(ops.not_equal(labels, 0), "float32")
    return ops.sum(nats * weights) / ops.maximum(ops.sum(weights), 1.0)
