"""A reader of texts: embeddings and recurrent layers that look from left to right.

Two models are built on it: `Writer` says words, `Classifier` tells a label. Their first weights are
the reader's, in one order, so that where one has ended the other begins.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import layers, ops

from app.text.tokenizer import PAD
from scripts.training.labels.config import LabelRecipe
from scripts.training.model.embedding import make_embedding
from scripts.training.model.encoders import RecurrentEncoder
from scripts.training.model.words import WordHead

Tensor = Any


class Reader(keras.Model):
    """What both models have: `read` maps tokens to a vector for each place."""

    def __init__(self, recipe: LabelRecipe, vocabulary: int, name: str):
        """Make the reader of `recipe` over `vocabulary` ids, with every weight created."""
        super().__init__(name=name)
        width = recipe.model.embedding
        self.embedding = make_embedding(vocabulary, width)
        self.encoder = RecurrentEncoder(recipe.encoder.section, recipe.model.dropout)
        self.encoder.build((None, None, width))
        # A row of the embeddings is left out as a whole.
        self.blinking = layers.Dropout(recipe.model.word_dropout, noise_shape=(None, None, 1))
        self.kept = len(self.weights)
        """How many of the weights, the first ones, are of use once it is trained."""
        self.built = True

    @property
    def slow_variables(self) -> list[Any]:
        """What is to learn more slowly than the rest: nothing, whatever it began with."""
        return []

    def read(self, tokens: Tensor, training: bool = False) -> tuple[Tensor, Tensor]:
        """Map tokens int [batch, source] to (memory [batch, source, units], mask alike)."""
        mask = ops.not_equal(tokens, PAD)
        seen = self.blinking(self.embedding(tokens), training=training)
        memory, _ = self.encoder(seen, mask, training=training)
        return memory, mask


class Writer(Reader):
    """Say a word after each word: the next one, or the one to say again."""

    def __init__(self, recipe: LabelRecipe, vocabulary: int):
        """Make the model of `recipe` over `vocabulary` ids, with every weight created."""
        super().__init__(recipe, vocabulary, "writer")
        self.dropout = layers.Dropout(recipe.model.dropout)
        self.words = WordHead(recipe.encoder.units, recipe.model.embedding, vocabulary)

    def call(self, inputs: tuple[Tensor, Tensor], training: bool = False) -> Tensor:
        """Read (tokens [batch, steps], drawn ids): features [batch, steps, units]."""
        tokens, _ = inputs
        memory, _ = self.read(tokens, training)
        return self.dropout(memory, training=training)

    def compute_loss(
        self,
        x: Any = None,
        y: Tensor = None,
        y_pred: Tensor = None,
        sample_weight: Any = None,
        training: bool = True,
    ) -> Tensor:
        """Return the nats a word, in training by the drawn ids; Keras calls this in every step."""
        table = self.embedding.embeddings
        if training:
            return self.words.sampled_nats(y_pred, y, table, x[1])
        return self.words.nats(y_pred, y, table)


class Classifier(Reader):
    """Tell a label after the last word; `call` trains, `encode` and `step` serve.

    Labels are int [batch], counted from 1: 0 marks a row that is only there to fill its batch up.
    """

    def __init__(self, recipe: LabelRecipe, vocabulary: int):
        """Make the model of `recipe` over `vocabulary` ids, with every weight created."""
        super().__init__(recipe, vocabulary, "classifier")
        self.learnt, self.joint = recipe.classify.learnt, recipe.classify.joint
        self.last_tokens = recipe.data.last_tokens
        self.dropout = layers.Dropout(recipe.model.dropout)
        self.head = layers.Dense(len(recipe.labelled.names), name="head")
        self.head.build((None, None, recipe.encoder.units))
        self.kept = len(self.weights)
        self.words = None
        if self.joint:
            self.words = WordHead(recipe.encoder.units, recipe.model.embedding, vocabulary)

    def call(self, inputs: tuple[Tensor, Tensor], training: bool = False) -> dict[str, Tensor]:
        """Read (tokens [batch, source], drawn ids).

        Returns:
            `memory` [batch, source, units], `logits` [batch, source, labels] after each word, and
            `last` [batch, labels].
        """
        tokens, _ = inputs
        memory, mask = self.read(tokens, training)
        memory = self.dropout(memory, training=training)
        logits = self.head(memory)
        return {"memory": memory, "logits": logits, "last": at_last(logits, mask)}

    def compute_loss(
        self,
        x: Any = None,
        y: Tensor = None,
        y_pred: Any = None,
        sample_weight: Any = None,
        training: bool = True,
    ) -> Tensor:
        """Return the mean nats a row: in validation, of what is told after the last word."""
        tokens, drawn = x
        mask = ops.not_equal(tokens, PAD)
        labels = ops.cast(y, "int32")
        rows = ops.cast(ops.greater(labels, 0), "float32")
        gain = linear_gain(mask) if training and self.learnt == "gain" else last_place(mask)
        loss = _cross_entropy(y_pred["logits"], ops.maximum(labels - 1, 0), gain, rows)
        if not training or self.words is None:
            return loss
        # The place before a word is where it is guessed.
        memory, table = y_pred["memory"][:, :-1], self.embedding.embeddings
        return loss + self.joint * self.words.sampled_nats(memory, tokens[:, 1:], table, drawn)

    def encode(self, tokens: Tensor) -> dict[str, Tensor]:
        """Map tokens int32 [batch, source] to the state after the last word [batch, units]."""
        memory, mask = self.read(keep_last(tokens, self.last_tokens))
        return {"state_summary": at_last(memory, mask)}

    def step(self, inputs: dict[str, Tensor]) -> dict[str, Tensor]:
        """Map `encode`'s state to logits [batch, labels]; the token fed is ignored."""
        summary = inputs["state_summary"]
        return {"logits": self.head(summary), "state_summary": summary}


def last_place(mask: Tensor) -> Tensor:
    """Return 1 at the last place of each row of mask [batch, source], 0 elsewhere."""
    count = ops.cast(mask, "int32")
    here = ops.equal(ops.cumsum(count, axis=1), ops.sum(count, axis=1, keepdims=True))
    return ops.cast(ops.logical_and(here, mask), "float32")


def at_last(values: Tensor, mask: Tensor) -> Tensor:
    """Return values [batch, source, n] at each row's last place [batch, n]; 0 of an empty row."""
    return ops.sum(values * last_place(mask)[:, :, None], axis=1)


def linear_gain(mask: Tensor) -> Tensor:
    """Return weights [batch, source] that rise evenly from 0 at a row's first place to its last.

    They add up to 1: of three places they are 0, 1/3 and 2/3 (Dai & Le 2015, where they rise to 1).
    """
    count = ops.cast(mask, "float32")
    place = (ops.cumsum(count, axis=1) - 1.0) * count
    single = ops.equal(ops.sum(count, axis=1, keepdims=True), 1.0)
    weights = ops.where(single, count, place)
    return weights / ops.maximum(ops.sum(weights, axis=1, keepdims=True), 1.0)


def keep_last(tokens: Tensor, count: int) -> Tensor:
    """Return the last `count` tokens of each row, padded on the right; shorter rows as they are.

    Of 7 8 9 and 5 0 0 the last two are 8 9 and 5 0.
    """
    lengths = ops.sum(ops.cast(ops.not_equal(tokens, PAD), "int32"), axis=1)
    width = ops.minimum(ops.shape(tokens)[1], count)
    places = ops.maximum(lengths - count, 0)[:, None] + ops.arange(width)[None, :]
    return ops.take_along_axis(tokens, places, axis=1)


def _cross_entropy(logits: Tensor, labels: Tensor, weights: Tensor, rows: Tensor) -> Tensor:
    """Return the mean over rows [batch] of nats at each place, weighted [batch, source]."""
    picked = ops.take_along_axis(logits, labels[:, None, None], axis=-1)[:, :, 0]
    nats = ops.sum((ops.logsumexp(logits, axis=-1) - picked) * weights, axis=1)
    return ops.sum(nats * rows) / ops.maximum(ops.sum(rows), 1.0)
