"""What a step asks of its logits [rows, vocabulary], by the cheapest of TensorFlow's kernels.

From cheap to dear on a CPU: `reduce_max`, `argmax` and `softmax`, `reduce_logsumexp`, and by far
the dearest `top_k` of several ids.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf

CHUNK = 64
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

    Hardly ever is one of those the greatest, so that they are only looked for then.
    """
    bans = np.zeros(int(logits.shape[-1]), np.float32)
    bans[list(never)] = -np.inf
    best = tf.argmax(logits, axis=-1, output_type=tf.int32)
    banned = tf.reduce_any(tf.gather(bans, best) < 0)
    return tf.cond(
        banned, lambda: tf.argmax(logits + bans, axis=-1, output_type=tf.int32), lambda: best
    )


def top(logits: Any, count: int) -> tuple[Any, Any]:
    """Return the `count` greatest logits of each row and their ids, [rows, count], greatest first.

    The greatest lie in the chunks of 64 ids whose own greatest are the greatest: of 6,000 ids and 8
    to find, 8 · 64 + 94 numbers are sorted instead of 6,000.
    """
    vocabulary = int(logits.shape[-1])
    chunks = -(-vocabulary // CHUNK)
    if count == 1 or count * SPARE > chunks:
        best, ids = tf.math.top_k(logits, count)
        return best, ids
    padded = tf.pad(logits, [[0, 0], [0, chunks * CHUNK - vocabulary]], constant_values=-np.inf)
    chunked = tf.reshape(padded, [-1, chunks, CHUNK])
    _, places = tf.math.top_k(tf.reduce_max(chunked, axis=-1), count)
    places = tf.sort(places, axis=-1)  # of equal logits the lower id comes first
    found = tf.gather(chunked, places, batch_dims=1)  # [rows, count, CHUNK]
    best, at = tf.math.top_k(tf.reshape(found, [-1, count * CHUNK]), count)
    chunk = tf.gather(places, at // CHUNK, batch_dims=1)
    return best, chunk * CHUNK + at % CHUNK
