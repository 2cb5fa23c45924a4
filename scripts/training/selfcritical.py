"""Self-critical training of captions (Rennie et al. 2017): draw captions, learn those that score.

Each picture gets as many drawn captions as it has places for captions in a batch. A caption's
advantage is its CIDEr-D less the mean of the picture's other captions (Luo 2020), so that nothing
needs to be decoded greedily beside; the loss is the advantage times the nats of what was drawn.
What counts for validation is the CIDEr-D of captions decoded greedily.

The end token is a word of its own, as without it captions learn to break off.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray

from app.text.tokenizer import BOS, EOS, PAD, UNK
from scripts.training.batches import Batch
from scripts.training.captiondata import CaptionData
from scripts.training.cider import Cider
from scripts.training.model.captioner import Captioner
from scripts.training.model.encoders import NEGATIVE

Tensor = Any
SMALLEST = 1e-30  # noise of 0 has no logarithm


class Drawing(keras.Model):
    """Draws captions from a captioner, or takes the best token at every step."""

    def __init__(self, captioner: Captioner, captions: int, steps: int):
        """Draw `captions` of each picture, of `steps` tokens with the end token among them."""
        super().__init__()
        self.captioner, self.captions, self.steps = captioner, captions, steps
        bans = np.zeros(captioner.output_bias.shape[0], np.float32)
        bans[[PAD, BOS, UNK]] = NEGATIVE
        self.bans = bans
        self.built = True

    def call(self, inputs: tuple[Tensor, Tensor], training: bool = False) -> Tensor:
        """Draw for kept [pictures, ...] with noise [pictures, captions, steps, vocabulary].

        Noise from the exponential distribution draws by the probabilities p, as the i with the
        greatest p_i / noise_i is i with probability p_i; ones take the best token at every step.
        Returns ids int32 [pictures, captions, steps]; what follows the end token means nothing.
        """
        kept, noise = inputs
        noise = ops.log(ops.reshape(noise, (-1, self.steps, noise.shape[-1])))  # a row a caption
        tensors = {
            name: ops.repeat(tensor, self.captions, axis=0)
            for name, tensor in self.captioner.begin(kept).items()
        }
        token = ops.full_like(noise[:, 0, 0], BOS, dtype="int32")
        drawn = []
        for step in range(self.steps):
            outputs = self.captioner.step({**tensors, "token": token})
            logits = outputs.pop("logits") + self.bans - noise[:, step]
            tensors |= {name: value for name, value in outputs.items() if name != "attention"}
            token = ops.cast(ops.argmax(logits, axis=-1), "int32")
            drawn.append(token)
        return ops.reshape(ops.stack(drawn, axis=-1), (-1, self.captions, self.steps))

    def draw(self, kept: NDArray[Any], generator: np.random.Generator | None) -> NDArray[np.int32]:
        """Return captions drawn with `generator`, the best ones without."""
        shape = (len(kept), self.captions, self.steps, len(self.bans))
        if generator is None:
            noise = np.ones(shape, np.float32)
        else:
            noise = generator.standard_exponential(shape, np.float32) + SMALLEST
        return np.asarray(self.predict_on_batch((kept, noise)), np.int32)


def ended(ids: NDArray[np.int32]) -> list[int]:
    """Return the ids up to the end token and with it, all of them if there is none.

    >>> ended(np.array([7, 8, 2, 9]))
    [7, 8, 2]
    """
    found = ids.tolist()
    return found[: found.index(EOS) + 1] if EOS in found else found


class SelfCritical:
    """The objective `cider` of a fit."""

    def __init__(self, captioner: Captioner, data: CaptionData) -> None:
        """Count n-grams of all training captions."""
        steps = data.recipe.data.max_target
        self.drawing = Drawing(captioner, data.most, steps)
        self.greedy = Drawing(captioner, 1, steps)
        self.seed = data.recipe.fit.seed
        train, validation = (
            [[[*ids, EOS] for ids in captions] for captions in some]
            for some in (data.captions, data.validation_captions)
        )
        self._train = Cider(train, train)
        self._validation = Cider(validation, train)

    def refine(self, batch: Batch, step: int) -> Batch:
        """Return the batch with drawn captions, weighed by their advantages."""
        assert batch.places is not None, "only pictures are drawn for: this is a bug"
        pictures, captions, _ = batch.labels.shape
        generator = np.random.default_rng((self.seed, step))
        drawn = self.drawing.draw(batch.source, generator)
        labels, rewards = np.zeros_like(drawn), np.zeros((pictures, captions), np.float32)
        for row, place in enumerate(batch.places.tolist()):
            for column in range(captions if place >= 0 else 0):
                ids = ended(drawn[row, column])
                labels[row, column, : len(ids)] = ids
                rewards[row, column] = self._train.score(place, ids)
        others = (rewards.sum(axis=1, keepdims=True) - rewards) / max(1, captions - 1)
        starts = np.full_like(labels[:, :, :1], BOS)
        inputs = np.concatenate([starts, labels[:, :, :-1]], axis=-1)
        inputs[inputs == EOS] = PAD  # nothing follows it
        return replace(batch, inputs=inputs, labels=labels, weights=rewards - others)

    def loss(self, batches: Sequence[Batch]) -> float:
        """Return minus the mean CIDEr-D of captions decoded greedily."""
        scores: list[float] = []
        for batch in batches:
            assert batch.places is not None, "only pictures are drawn for: this is a bug"
            best = self.greedy.draw(batch.source, None)[:, 0]
            scores += [
                self._validation.score(place, ended(ids))
                for place, ids in zip(batch.places.tolist(), best, strict=True)
                if place >= 0
            ]
        return -float(np.mean(scores))
