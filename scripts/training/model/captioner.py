"""A model that reads pictures: the same decoder over another encoder (Xu et al. 2015).

Without attention and with a pooled picture it is that of Vinyals et al. 2015, the picture being the
decoder's initial state.
"""

from __future__ import annotations

from typing import Any

from keras import ops

from scripts.training.config import Recipe
from scripts.training.model.images import ImageEncoder
from scripts.training.model.seq2seq import Seq2Seq

Tensor = Any


class Captioner(Seq2Seq):
    """Seq2Seq whose source is a picture; training reads what the fixed stages made of it."""

    def make_encoder(self, recipe: Recipe) -> ImageEncoder:
        """Return the encoder, with every weight created."""
        return ImageEncoder(recipe.encoder, recipe.model.dropout)

    @property
    def source(self) -> tuple[str, str, tuple[int | None, ...]]:
        """What `encode` takes: its name, dtype and shape."""
        size = self.encoder.backbone.size
        return "image", "uint8", (None, size, size, 3)

    @property
    def slow_variables(self) -> list[Any]:
        """The backbone's variables."""
        return self.encoder.pretrained

    def call(self, inputs: tuple[Tensor, Tensor], training: bool = False) -> Tensor:
        """Decode (kept [images, *kept_shape], inputs [images, captions, target]), teacher-forced.

        The captions of a picture share what is computed of it.

        Returns:
            Logits [images, captions, target, vocabulary].
        """
        kept, previous = inputs
        captions, target = previous.shape[1], ops.shape(previous)[2]
        memory, summary = self.encoder(kept, training=training)
        keys = self.decoder.keys(memory)
        memory, summary, keys = (ops.repeat(x, captions, axis=0) for x in (memory, summary, keys))
        mask = ops.ones_like(memory[:, :, 0], dtype="bool")
        embedded = self.embedding(ops.reshape(previous, (-1, target)))
        features, _ = self.decoder(embedded, memory, mask, summary, keys, training=training)
        vocabulary = self.output_bias.shape[0]
        return ops.reshape(self.logits(features), (-1, captions, target, vocabulary))

    def encode(self, image: Tensor) -> dict[str, Tensor]:
        """Map image uint8 [batch, height, width, 3] to memories, mask and initial states."""
        return self.begin(self.encoder.lower(image))

    def begin(self, kept: Tensor) -> dict[str, Tensor]:
        """Map what the fixed stages made of pictures to memories, mask and initial states."""
        memory, summary = self.encoder(kept, training=False)
        return self.decoder.begin(memory, ops.ones_like(memory[:, :, 0], dtype="bool"), summary)
