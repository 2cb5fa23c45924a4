"""What a step asks of its logits [rows, vocabulary], by the cheapest of TensorFlow's kernels.

From cheap to dear on a CPU: `reduce_max`, `argmax` and `softmax`, `reduce_logsumexp`, and by far
the dearest `top_k` of several ids.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf

CHUNKS = (64, 80, 96, 48)
"""Sizes of a chunk: the first that divides the vocabulary, which saves a copy, or else 64."""
SPARE = 4  # chunks for each id that is asked for; below it one pass is as cheap


def log_total(logits: Any) -> Any:
    """Return log Σ exp(logits), float32 [rows, 1].

    It is the greatest logit less the logarithm of its probability, at least 1 / vocabulary.
    """
    shares = tf.nn.softmax(logits)
    greatest = tf.reduce_max(shares, axis=-1, keepdims=True)
    return tf.reduce_max(logits, axis=-1, keepdims=True) - tf.math.log(greatest)


def best_allowed(logits: Any, never: Sequence[int]) -> Any:
    """Return the id of each row's greatest logit that is not one of `never`: int32 [rows].

    Hardly ever is one of those the greatest, so that they are only looked for then. Of equal
    logits the lowest id is taken.
    """
    bans = np.zeros(int(logits.shape[-1]), np.float32)
    bans[list(never)] = -np.inf
    best = _greatest(logits)
    banned = tf.reduce_any(tf.gather(bans, best) < 0)
    return tf.cond(banned, lambda: _greatest(logits + bans), lambda: best)


def _greatest(logits: Any) -> Any:
    """Return each row's `argmax`, int32 [rows]: the greatest of the greatest of each chunk.

    `reduce_max` takes many numbers at once, `argmax` one after the other.
    """
    chunked = _chunked(logits)
    chunk = tf.argmax(tf.reduce_max(chunked, axis=-1), axis=-1, output_type=tf.int32)
    at = tf.argmax(tf.gather(chunked, chunk, batch_dims=1), axis=-1, output_type=tf.int32)
    return chunk * chunked.shape[-1] + at


def _chunked(logits: Any) -> Any:
    """Return `logits` as [rows, chunks, chunk], with -inf behind where they do not fill them."""
    vocabulary = int(logits.shape[-1])
    size = next((size for size in CHUNKS if vocabulary % size == 0), CHUNKS[0])
    chunks = -(-vocabulary // size)
    if missing := chunks * size - vocabulary:
        logits = tf.pad(logits, [[0, 0], [0, missing]], constant_values=-np.inf)
    return tf.reshape(logits, [-1, chunks, size])


def top(logits: Any, count: int) -> tuple[Any, Any]:
    """Return the `count` greatest logits of each row and their ids, [rows, count], greatest first.

    The greatest lie in the chunks of ids whose own greatest are the greatest: of 6,000 ids and 8 to
    find, 8 · 80 + 75 numbers are sorted instead of 6,000.
    """
    chunked = _chunked(logits)
    chunks, size = chunked.shape[1:]
    if count == 1 or count * SPARE > chunks:
        best, ids = tf.math.top_k(logits, count)
        return best, ids
    _, places = tf.math.top_k(tf.reduce_max(chunked, axis=-1), count)
    places = tf.sort(places, axis=-1)  # of equal logits the lower id comes first
    found = tf.gather(chunked, places, batch_dims=1)  # [rows, count, size]
    best, at = tf.math.top_k(tf.reshape(found, [-1, count * size]), count)
    chunk = tf.gather(places, at // size, batch_dims=1)
    return best, chunk * size + at % size
