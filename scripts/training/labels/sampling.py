"""Words to tell the right one from: a softmax over a few instead of all (Jean et al. 2015).

They are drawn with the probabilities of Zipf's law over ranks, for vocabularies list their words
from the most frequent one on: P(id) = log((id + 2) / (id + 1)) / log(vocabulary + 1).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from keras import ops
from numpy.typing import NDArray

Tensor = Any


def draw_words(generator: np.random.Generator, count: int, vocabulary: int) -> NDArray[np.int32]:
    """Return `count` ids int32 [count] below `vocabulary`, one and the same more than once."""
    ranks = np.exp(generator.random(count) * math.log(vocabulary + 1)) - 1
    return np.minimum(ranks, vocabulary - 1).astype(np.int32)


def log_expected(ids: Tensor, count: int, vocabulary: int) -> Tensor:
    """Return the logarithm of how often each of `ids` comes among `count` drawn ones."""
    ranks = ops.cast(ids, "float32")
    share = ops.log((ranks + 2.0) / (ranks + 1.0)) / math.log(vocabulary + 1)
    return ops.log(float(count) * share)
