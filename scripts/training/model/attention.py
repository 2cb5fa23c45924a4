"""Attentions: a query and precomputed keys in, a weight for each source position out.

A new one is a class here and a line in `ATTENTIONS`: recipes may name it, and tests run over it.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any

from keras import layers, ops

from scripts.training.model.encoders import NEGATIVE

if TYPE_CHECKING:
    from scripts.training.config import DecoderSection

Tensor = Any


class Attention(layers.Layer):
    """The seam: `scores` says how well each place fits, `weigh` what is read of it."""

    feeds_cell = False
    """Whether it is asked before the cell's step, with the previous output."""
    counts = False
    """Whether it must know the number of the step."""

    def __init__(self, section: DecoderSection, memory_units: int):
        """Create every weight for queries of `section.units` and a memory of `memory_units`."""
        super().__init__(name="attention")

    @abstractmethod
    def keys(self, memory: Tensor) -> Tensor:
        """Return what `scores` compares with, computed once: [batch, source, units]."""

    @abstractmethod
    def scores(self, query: Tensor, keys: Tensor) -> Tensor:
        """Map query [batch, target, units] and keys to scores [batch, target, source]."""

    def weigh(self, query: Tensor, keys: Tensor, bias: Tensor, steps: Tensor = None) -> Tensor:
        """Return the weights [batch, target, source] of a global attention: they sum to 1.

        Args:
            query: [batch, target, units].
            keys: what `keys` returned.
            bias: 0 where there is a token, `NEGATIVE` where there is padding: [batch, 1, source].
            steps: the numbers of the steps from 0 on, int [batch or 1, target], if it `counts`.
        """
        return ops.softmax(self.scores(query, keys) + bias, axis=-1)


class DotAttention(Attention):
    """Luong et al. 2015, `dot`: the query is compared with the memory itself; sizes must agree."""

    def __init__(self, section: DecoderSection, memory_units: int):
        """Check that query and memory have the same size."""
        super().__init__(section, memory_units)
        if section.units != memory_units:
            raise ValueError(
                f"dot attention needs decoder.units = encoder.units; "
                f"they are {section.units} and {memory_units} (use `general`)"
            )

    def keys(self, memory: Tensor) -> Tensor:
        """Return the memory."""
        return memory

    def scores(self, query: Tensor, keys: Tensor) -> Tensor:
        """Return query · memory."""
        return ops.matmul(query, ops.transpose(keys, (0, 2, 1)))


class GeneralAttention(Attention):
    """Luong et al. 2015, `general`: the memory is projected to the query's size once."""

    def __init__(self, section: DecoderSection, memory_units: int):
        """Make a projection from `memory_units` to the query's."""
        super().__init__(section, memory_units)
        self.projection = layers.Dense(section.units, use_bias=False, name="projection")
        self.projection.build((None, None, memory_units))

    def keys(self, memory: Tensor) -> Tensor:
        """Return the projected memory [batch, source, query units]."""
        flat = ops.reshape(memory, (-1, memory.shape[-1]))  # one product of matrices
        shape = (*ops.shape(memory)[:2], self.projection.units)
        return ops.reshape(self.projection(flat), shape)

    def scores(self, query: Tensor, keys: Tensor) -> Tensor:
        """Return query · W memory."""
        return ops.matmul(query, ops.transpose(keys, (0, 2, 1)))


class ConcatAttention(Attention):
    """Luong et al. 2015, `concat`: v · tanh(W [query; memory]), asked after the cell's step.

    A product with both side by side is the sum of two products: W [q; m] = W_q q + W_m m.
    """

    biased = False

    def __init__(self, section: DecoderSection, memory_units: int):
        """Make the two projections to the query's size and the score vector."""
        super().__init__(section, memory_units)
        units = section.units
        self.memory_projection = layers.Dense(units, use_bias=self.biased, name="memory_projection")
        self.query_projection = layers.Dense(units, use_bias=False, name="query_projection")
        self.score = layers.Dense(1, use_bias=False, name="score")
        self.memory_projection.build((None, None, memory_units))
        self.query_projection.build((None, None, units))
        self.score.build((None, None, None, units))

    def keys(self, memory: Tensor) -> Tensor:
        """Return the projected memory [batch, source, query units]."""
        return self.memory_projection(memory)

    def scores(self, query: Tensor, keys: Tensor) -> Tensor:
        """Return v · tanh(W_q query + W_m memory)."""
        mixed = ops.tanh(self.query_projection(query)[:, :, None, :] + keys[:, None, :, :])
        return ops.squeeze(self.score(mixed), axis=-1)


class BahdanauAttention(ConcatAttention):
    """Bahdanau et al. 2014: the same with a bias, asked before the cell's step."""

    feeds_cell = True
    biased = True


class LocalAttention(GeneralAttention):
    """Luong et al. 2015, section 3.2: `general` within `window` places of a centre.

    The places are counted from 0; the window is cut at the ends of the row's own source.
    """

    def __init__(self, section: DecoderSection, memory_units: int):
        """Remember the window D: 2 D + 1 places are read."""
        super().__init__(section, memory_units)
        self.window = section.window

    @abstractmethod
    def centre(self, query: Tensor, length: Tensor, steps: Tensor) -> Tensor:
        """Return the window's centre [batch, target] in sources of `length` [batch, 1]."""

    def fade(self, weights: Tensor, apart: Tensor) -> Tensor:
        """Return the weights of places that are `apart` from the centre, both alike in shape."""
        return weights

    def weigh(self, query: Tensor, keys: Tensor, bias: Tensor, steps: Tensor = None) -> Tensor:
        """Return weights [batch, target, source], 0 beyond the window."""
        length = ops.sum(ops.cast(ops.equal(bias, 0.0), "float32"), axis=-1)  # [batch, 1]
        places = ops.cast(ops.arange(ops.shape(keys)[1]), "float32")
        apart = ops.abs(places - self.centre(query, length, steps)[:, :, None])
        near = ops.where(apart <= self.window, 0.0, NEGATIVE)
        return self.fade(super().weigh(query, keys, bias + near), apart)


class LocalMonotonicAttention(LocalAttention):
    """`local-m`: step t looks at place t, or at the last place of a source that ends before."""

    counts = True

    def centre(self, query: Tensor, length: Tensor, steps: Tensor) -> Tensor:
        """Return min(t, length - 1)."""
        return ops.minimum(ops.cast(steps, "float32"), ops.maximum(length - 1.0, 0.0))


class LocalPredictiveAttention(LocalAttention):
    """`local-p`: the centre is S · σ(v · tanh(W query)) in a source of S tokens.

    Weights fall off as a Gaussian of deviation D / 2 around it, so that they sum to less than 1.
    """

    def __init__(self, section: DecoderSection, memory_units: int):
        """Make W and v, too."""
        super().__init__(section, memory_units)
        self.position = layers.Dense(
            section.units, activation="tanh", use_bias=False, name="position"
        )
        self.position.build((None, None, section.units))
        self.share = layers.Dense(1, activation="sigmoid", use_bias=False, name="share")
        self.share.build((None, None, section.units))

    def centre(self, query: Tensor, length: Tensor, steps: Tensor) -> Tensor:
        """Return the predicted place, a number between 0 and the length."""
        return length * ops.squeeze(self.share(self.position(query)), axis=-1)

    def fade(self, weights: Tensor, apart: Tensor) -> Tensor:
        """Return weights · exp(-apart² / 2 σ²) with σ = D / 2."""
        return weights * ops.exp(-2.0 * ops.square(apart / self.window))


ATTENTIONS: dict[str, type[Attention]] = {
    "dot": DotAttention,
    "general": GeneralAttention,
    "concat": ConcatAttention,
    "bahdanau": BahdanauAttention,
    "local-m": LocalMonotonicAttention,
    "local-p": LocalPredictiveAttention,
}
