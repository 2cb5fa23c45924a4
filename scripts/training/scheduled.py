"""Scheduled sampling (Bengio et al. 2015): learn to go on after tokens of one's own.

Serving feeds the decoder what it has said itself, mistakes included, which training with the true
tokens never shows it. Here some of the previous tokens are the model's own. They come from a first
pass over the true ones, all steps at once, so that any decoder can be trained so, a Transformer too
(Mihaylova & Martins 2019): the token at t is the likeliest after the true tokens before t.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import keras
import numpy as np
from keras import ops

from app.text.tokenizer import BOS, EOS, PAD, UNK
from scripts.training.batches import Batch
from scripts.training.model.encoders import NEGATIVE
from scripts.training.model.seq2seq import Seq2Seq
from scripts.training.objective import Likelihood

Tensor = Any


class Guessing(keras.Model):
    """The likeliest next token after each of the true ones."""

    def __init__(self, model: Seq2Seq) -> None:
        """Guess with `model`; what stands inside no sentence is never guessed."""
        super().__init__()
        self.model = model
        bans = np.zeros(model.output_bias.shape[0], np.float32)
        bans[[PAD, BOS, UNK, EOS]] = NEGATIVE
        self.bans = bans
        self.built = True

    def call(self, inputs: tuple[Tensor, Tensor], training: bool = False) -> Tensor:
        """Map (source, inputs [..., target]) to ids int32 [..., target], without dropout."""
        logits = self.model(inputs, training=False) + self.bans
        return ops.cast(ops.argmax(logits, axis=-1), "int32")


class ScheduledSampling(Likelihood):
    """Likelihood whose previous tokens are the model's own ever more often."""

    def __init__(self, model: Seq2Seq, share: float, steps: int, seed: int) -> None:
        """Raise the share of own tokens evenly, from none to `share` after `steps` batches."""
        super().__init__(model)
        self.guessing = Guessing(model)
        self.share, self.steps, self.seed = share, steps, seed

    def refine(self, batch: Batch, step: int) -> Batch:
        """Return the batch with some of its inputs replaced: never the start, a tag or padding."""
        share = self.share * min(1.0, step / self.steps)
        chosen = np.random.default_rng((self.seed, step)).random(batch.inputs.shape) < share
        chosen[..., 0] = False
        chosen[..., 1:] &= batch.labels[..., :-1] != PAD  # the label of a tag is none
        chosen &= batch.inputs != PAD
        if not chosen.any():
            return batch
        guessed = self.guessing.predict_on_batch((batch.source, batch.inputs))
        own = np.zeros_like(batch.inputs)
        own[..., 1:] = guessed[..., :-1]
        return replace(batch, inputs=np.where(chosen, own, batch.inputs))
