"""The whole model: one embedding shared by source, target and output (Press & Wolf 2017)."""

from __future__ import annotations

from typing import Any

import keras
from keras import layers, ops

from app.text.tokenizer import PAD
from scripts.training.config import Recipe
from scripts.training.loss import inconsistency, mixture_cross_entropy, smoothed_cross_entropy
from scripts.training.model.decoder import RecurrentDecoder
from scripts.training.model.embedding import make_embedding
from scripts.training.model.encoders import ENCODERS
from scripts.training.model.pointer import Pointer, mix
from scripts.training.model.transformerdecoder import TransformerDecoder

Tensor = Any
DECODERS: dict[str, type[layers.Layer]] = {
    "recurrent": RecurrentDecoder,
    "transformer": TransformerDecoder,
}


class Seq2Seq(keras.Model):
    """Encoder and decoder with tied embeddings; `call` trains, `encode` and `step` serve."""

    def __init__(self, recipe: Recipe, vocabulary: int):
        """Make the model of `recipe` over `vocabulary` ids, with every weight created."""
        super().__init__(name="seq2seq")
        width = recipe.model.embedding
        self.embedding = make_embedding(vocabulary, width)
        self.encoder = self.make_encoder(recipe)
        self.decoder = DECODERS[recipe.decoder.kind](recipe)
        self.pointer = None
        if recipe.decoder.copying:
            units = self.decoder.read_units
            self.pointer = Pointer(units, width, recipe.encoder.units, recipe.decoder.coverage)
        make_loss = mixture_cross_entropy if recipe.decoder.copying else smoothed_cross_entropy
        self.loss_of = make_loss(recipe.fit.label_smoothing)
        self.consistency = recipe.fit.consistency
        self.output_bias = self.add_weight(
            shape=(vocabulary,), initializer="zeros", name="output_bias"
        )
        self.built = True

    def make_encoder(self, recipe: Recipe) -> layers.Layer:
        """Return the encoder, with every weight created."""
        encoder = ENCODERS[recipe.encoder.kind](recipe)
        encoder.build((None, None, recipe.model.embedding))
        return encoder

    @property
    def source(self) -> tuple[str, str, tuple[int | None, ...]]:
        """What `encode` takes: its name, dtype and shape."""
        return "tokens", "int32", (None, None)

    @property
    def slow_variables(self) -> list[Any]:
        """What was pretrained, and is to learn more slowly than the rest: nothing here."""
        return []

    def logits(self, features: Tensor, columns: Tensor = None) -> Tensor:
        """Map features [..., embedding] to logits [..., vocabulary]; `columns` as in `step`."""
        kernel = ops.transpose(self.embedding.embeddings) if columns is None else columns
        return ops.matmul(features, kernel) + self.output_bias

    def call(self, inputs: tuple[Tensor, Tensor], training: bool = False) -> Any:
        """Decode (source [batch, source], inputs [batch, target]) with teacher forcing.

        Returns:
            Logits [batch, target, vocabulary]; with a pointer, the parts of the mixture that
            `mixture_cross_entropy` takes. In training for consistency, all of it twice: [2 · batch,
            ...], the second pass with other dropout.
        """
        source, previous = inputs
        if training and self.consistency:
            source, previous = (ops.concatenate([part, part]) for part in (source, previous))
        mask = ops.not_equal(source, PAD)
        memory, summary = self.encoder(self.embedding(source), mask, training=training)
        embedded = self.embedding(previous)
        features, read = self.decoder(embedded, memory, mask, summary, training=training)
        logits = self.logits(features)
        if self.pointer is None:
            return logits
        nothing = ops.zeros_like(memory[:, :, 0])
        gate, copies, _ = self.pointer(read, embedded, memory, mask, nothing)
        return {"logits": logits, "gate": gate, "copies": copies, "ids": source}

    def compute_loss(
        self,
        x: Any = None,
        y: Tensor = None,
        y_pred: Any = None,
        sample_weight: Any = None,
        training: bool = True,
    ) -> Tensor:
        """Return the nats per label, rows weighted; Keras calls this in every step.

        Half of R-Drop's α weighs the passes' disagreement, as the cross-entropy is their mean and
        not their sum. With a pointer, that of what is generated.
        """
        if not (training and self.consistency):
            return self.loss_of(y, y_pred, sample_weight)
        labels = ops.concatenate([y, y])
        logits = y_pred if self.pointer is None else y_pred["logits"]
        apart = inconsistency(labels, logits)
        return self.loss_of(labels, y_pred, None) + 0.5 * self.consistency * apart

    def encode(self, tokens: Tensor) -> dict[str, Tensor]:
        """Map tokens int32 [batch, source] to the memories, the mask and the initial states."""
        mask = ops.not_equal(tokens, PAD)
        memory, summary = self.encoder(self.embedding(tokens), mask, training=False)
        outputs = self.decoder.begin(memory, mask, summary)
        if self.pointer is not None:
            outputs["memory_ids"] = ops.cast(tokens, "int32")
            if self.pointer.covers:
                outputs["state_coverage"] = ops.zeros_like(memory[:, :, 0])
        return outputs

    def step(self, inputs: dict[str, Tensor], columns: Tensor = None) -> dict[str, Tensor]:
        """Map a token int32 [batch] and `encode`'s tensors to logits, new states, any attention.

        With a pointer, the logits are the mixture's log-probabilities, the attention the pointer's.
        `columns` [embedding, vocabulary] are the embeddings transposed, used instead of them: for a
        few rows TensorFlow's product with the transpose takes two or three times as long.
        """
        if columns is None:
            embedded = self.embedding(inputs["token"])
        else:
            embedded = ops.transpose(ops.take(columns, inputs["token"], axis=1))
        features, read, states, attention = self.decoder.step(embedded, inputs)
        outputs = dict(states)
        logits = self.logits(features, columns)
        if self.pointer is not None:
            memory, mask = inputs["memory_values"], inputs["memory_mask"]
            covered = inputs.get("state_coverage")
            gate, copies, coverage = self.pointer(
                read[:, None, :], embedded[:, None, :], memory, mask, covered
            )
            attention = ops.exp(copies[:, 0, :]) * ops.cast(mask, "float32")
            logits = mix(logits, gate[:, 0], attention, inputs["memory_ids"])
            if covered is not None:
                outputs["state_coverage"] = coverage
        if attention is not None:
            outputs["attention"] = attention
        return {**outputs, "logits": logits}
