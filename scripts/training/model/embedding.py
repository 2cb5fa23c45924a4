"""Vectors for the ids of a vocabulary."""

from __future__ import annotations

import keras
from keras import layers


def make_embedding(vocabulary: int, width: int) -> layers.Embedding:
    """Return an embedding with its weights created: [vocabulary, width], of length about 1 each."""
    embedding = layers.Embedding(
        vocabulary,
        width,
        embeddings_initializer=keras.initializers.RandomNormal(stddev=width**-0.5),
        name="embedding",
    )
    embedding.build((None, None))
    return embedding
