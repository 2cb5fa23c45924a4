"""The whole model: one embedding shared by source, target and output (Press & Wolf 2017)."""

from __future__ import annotations

from typing import Any

import keras
from keras import layers, ops

from app.text.tokenizer import PAD
from scripts.training.config import Recipe
from scripts.training.model.decoder import RecurrentDecoder
from scripts.training.model.encoders import ENCODERS

Tensor = Any


class Seq2Seq(keras.Model):
    """Encoder and decoder with tied embeddings; `call` trains, `encode` and `step` serve."""

    def __init__(self, recipe: Recipe, vocabulary: int):
        """Make the model of `recipe` over `vocabulary` ids, with every weight created."""
        super().__init__(name="seq2seq")
        width, dropout = recipe.model.embedding, recipe.model.dropout
        self.embedding = layers.Embedding(
            vocabulary,
            width,
            embeddings_initializer=keras.initializers.RandomNormal(stddev=width**-0.5),
            name="embedding",
        )
        self.embedding.build((None, None))
        self.encoder = ENCODERS[recipe.encoder.kind](recipe.encoder, dropout)
        self.encoder.build((None, None, width))
        self.decoder = RecurrentDecoder(recipe.decoder, width, recipe.encoder.units, dropout)
        self.output_bias = self.add_weight(
            shape=(vocabulary,), initializer="zeros", name="output_bias"
        )
        self.built = True

    def logits(self, features: Tensor) -> Tensor:
        """Map features [..., embedding] to logits [..., vocabulary]."""
        return ops.matmul(features, ops.transpose(self.embedding.embeddings)) + self.output_bias

    def call(self, inputs: tuple[Tensor, Tensor], training: bool = False) -> Tensor:
        """Map (source [batch, source], inputs [batch, target]) to logits [batch, target, ids]."""
        source, previous = inputs
        mask = ops.not_equal(source, PAD)
        memory, summary = self.encoder(self.embedding(source), mask, training=training)
        embedded = self.embedding(previous)
        return self.logits(self.decoder(embedded, memory, mask, summary, training=training))

    def encode(self, tokens: Tensor) -> dict[str, Tensor]:
        """Map tokens int32 [batch, source] to the memories, the mask and the initial states."""
        mask = ops.not_equal(tokens, PAD)
        memory, summary = self.encoder(self.embedding(tokens), mask, training=False)
        outputs = {"memory_values": memory, "memory_mask": mask}
        if self.decoder.section.attention != "dot":
            outputs["memory_keys"] = self.decoder.attention.keys(memory)
        for index, state in enumerate(self.decoder.start(summary)):
            outputs[f"state_{index}"] = state
        return outputs

    def step(self, inputs: dict[str, Tensor]) -> dict[str, Tensor]:
        """Map a token int32 [batch] and `encode`'s tensors to logits, new states and attention."""
        memory = inputs["memory_values"]
        states = [inputs[f"state_{i}"] for i in range(self.decoder.state_count)]
        features, new, attention = self.decoder.step(
            self.embedding(inputs["token"]),
            states,
            memory,
            inputs.get("memory_keys", memory),
            inputs["memory_mask"],
        )
        outputs = {"logits": self.logits(features), "attention": attention}
        outputs.update({f"state_{index}": state for index, state in enumerate(new)})
        return outputs
