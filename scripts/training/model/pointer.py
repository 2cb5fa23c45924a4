"""The pointer of a pointer-generator (See et al. 2017): copy source tokens beside making new ones.

A step's output is p_gen · softmax(logits) + (1 - p_gen) · copies, where `copies` is an attention
over the source whose weights go to the ids that stand there. See et al. copy with the decoder's
only attention; here copying has one of its own, asked by the top of the decoder (which has read the
context already), so that what to read and what to copy may differ.

Coverage counts how much each place was pointed at by earlier steps and shifts the scores by a
learned multiple of it. See et al. feed it to the attention step by step; here the count is of the
attention before the shift, so that all steps of training are one cumulative sum.
"""

from __future__ import annotations

from typing import Any

from keras import layers, ops

from scripts.training.model.encoders import NEGATIVE

Tensor = Any
TINY = 1e-30  # log(TINY) is finite in float32


class Pointer(layers.Layer):
    """Where to copy from and whether to, for every step of a decoder."""

    def __init__(self, read_units: int, embedding: int, memory_units: int, coverage: bool):
        """Make a pointer of a decoder whose top is `read_units` wide."""
        super().__init__(name="pointer")
        self.scale = memory_units**-0.5
        self.query = layers.Dense(memory_units, use_bias=False, name="query")
        self.query.build((None, None, read_units))
        self.gate = layers.Dense(1, name="gate")
        self.gate.build((None, None, read_units + embedding))
        self.coverage_weight = (
            self.add_weight(shape=(), initializer="zeros", name="coverage") if coverage else None
        )
        self.built = True

    @property
    def covers(self) -> bool:
        """Whether it keeps count of what it has pointed at."""
        return self.coverage_weight is not None

    def call(
        self, read: Tensor, embedded: Tensor, memory: Tensor, mask: Tensor, coverage: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Point at the source in all steps of `target`; one step of serving is a target of 1.

        Args:
            read: the decoder's output beside its context [batch, target, read units].
            embedded: the previous tokens' embeddings [batch, target, embedding].
            memory: [batch, source, memory units].
            mask: bool [batch, source].
            coverage: what earlier steps pointed at [batch, source]; zeros at the start.

        Returns:
            (gate [batch, target], the log-odds of generating; log copies [batch, target, source],
            about -1e9 where the mask is false; the coverage after the last step [batch, source]).
        """
        scores = ops.matmul(self.query(read), ops.transpose(memory, (0, 2, 1))) * self.scale
        scores = scores + ops.where(mask, 0.0, NEGATIVE)[:, None, :]
        if self.coverage_weight is not None:
            first = ops.softmax(scores, axis=-1)
            before = coverage[:, None, :] + ops.cumsum(first, axis=1) - first
            coverage = coverage + ops.sum(first, axis=1)
            scores = scores + self.coverage_weight * before
        gate = self.gate(ops.concatenate([read, embedded], axis=-1))
        return ops.squeeze(gate, axis=-1), ops.log_softmax(scores, axis=-1), coverage


def mix(logits: Tensor, gate: Tensor, copies: Tensor, ids: Tensor) -> Tensor:
    """Return the log of the mixture [batch, vocabulary], scattered in full: for one step.

    Example: softmax(logits) = [.2, .8], p_gen = .5 and copies [.9, .1] of ids [0, 0] give
    [.1 + .5, .4].

    Args:
        logits: of the generator [batch, vocabulary].
        gate: the log-odds of generating [batch].
        copies: probabilities of the places [batch, source], 0 where there is padding.
        ids: the token at each place, int32 [batch, source].
    """
    batch, source = ops.shape(ids)[0], ops.shape(ids)[1]
    vocabulary = logits.shape[-1]
    rows = ops.broadcast_to(ops.arange(batch, dtype="int32")[:, None], (batch, source))
    places = ops.reshape(ops.stack([rows, ops.cast(ids, "int32")], axis=-1), (-1, 2))
    copied = ops.scatter(places, ops.reshape(copies, (-1,)), (batch, vocabulary))
    generated = ops.log_softmax(logits, axis=-1) + ops.log_sigmoid(gate)[:, None]
    return ops.logaddexp(generated, ops.log(copied + TINY) + ops.log_sigmoid(-gate)[:, None])
