"""A captioner's data: a batch holds some pictures, each with all its captions.

What the encoder computes of a picture then serves five captions, not one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer as Backend
from tokenizers import normalizers

from app.text.tokenizer import BOS, EOS, Tokenizer
from scripts.training.batches import COMMON, Batch, natural_width, pad
from scripts.training.captions import Picture
from scripts.training.config import Recipe
from scripts.training.features import Kept
from scripts.training.tokenizer import TRAINERS

Ids = list[int]


def make_vocabulary(recipe: Recipe, pictures: Sequence[Picture]) -> Backend:
    """Train the vocabulary on the captions, which are in lower case; so is what it is handed."""
    texts = (caption for picture in pictures for caption in picture.captions)
    section = recipe.tokenizer
    backend = TRAINERS[section.kind](texts, section.vocabulary, section.min_count)
    if backend.normalizer is None:
        backend.normalizer = normalizers.Lowercase()
    return backend


def encode(tokenizer: Tokenizer, pictures: Sequence[Picture], longest: int) -> list[list[Ids]]:
    """Return the ids of each picture's captions; those of more than `longest` ids are left out."""
    found = []
    for picture in pictures:
        rows = tokenizer.encode_batch(picture.captions)
        found.append([row for row in rows if len(row) <= longest])
    return found


@dataclass
class CaptionData:
    """Everything that `Fit` draws from; `kept` and `kept_validation` are the pictures' features."""

    recipe: Recipe
    backend: Backend
    train: Sequence[Picture]
    validation: Sequence[Picture]
    kept: Kept
    kept_validation: Kept

    def __post_init__(self) -> None:
        """Encode all captions, and fix the widths of batches."""
        tokenizer, longest = Tokenizer(self.backend), self.recipe.data.max_target - 1
        self.captions = encode(tokenizer, self.train, longest)
        self.validation_captions = encode(tokenizer, self.validation, longest)
        every = [*self.captions, *self.validation_captions]
        self.most = max(len(rows) for rows in every)
        if self.recipe.fit.objective == "cider":  # what is drawn may be as long as anything
            self.shapes = [natural_width(longest + 1)]
            return
        counts = Counter(self._natural(rows) for rows in self.captions)
        common = {width for width, n in counts.items() if n >= COMMON * len(self.captions)}
        widths = common | {max(self._natural(rows) for rows in every)}
        self.shapes = sorted(widths)

    def _natural(self, captions: Sequence[Ids]) -> int:
        return natural_width(max((len(ids) for ids in captions), default=0) + 1)

    def _rows(self, width: int) -> int:
        return max(1, self.recipe.fit.batch_tokens // (self.most * width))

    def epoch_batches(self, epoch: int) -> Iterator[Batch]:
        """Yield the batches of `epoch`: a function of the seed and the epoch alone."""
        generator = np.random.default_rng((self.recipe.fit.seed, epoch))
        views = generator.integers(0, len(self.kept.views), len(self.captions))
        plan = self._plan(self.captions, generator.permutation(len(self.captions)))
        for rank in generator.permutation(len(plan)):
            width, places = plan[rank]
            yield self._assemble(self.captions, self.kept, width, places, views)

    def validation_batches(self) -> list[Batch]:
        """Return the validation pictures as they are."""
        captions = self.validation_captions
        views = np.zeros(len(captions), np.int64)
        plan = self._plan(captions, np.arange(len(captions)))
        return [self._assemble(captions, self.kept_validation, *one, views) for one in plan]

    @property
    def steps_per_epoch(self) -> int:
        """How many batches an epoch has."""
        return len(self._plan(self.captions, np.arange(len(self.captions))))

    def _plan(
        self, captions: Sequence[Sequence[Ids]], order: NDArray[np.int64]
    ) -> list[tuple[int, list[int]]]:
        """Return (width, places) of every batch, in `order`; the last of a width may be short."""
        buckets: dict[int, list[int]] = {}
        plan = []
        for place in order.tolist():
            width = next(w for w in self.shapes if w >= self._natural(captions[place]))
            bucket = buckets.setdefault(width, [])
            bucket.append(place)
            if len(bucket) == self._rows(width):
                plan.append((width, bucket))
                buckets[width] = []
        return plan + [(width, bucket) for width, bucket in sorted(buckets.items()) if bucket]

    def _assemble(
        self,
        captions: Sequence[Sequence[Ids]],
        kept: Kept,
        width: int,
        places: list[int],
        views: NDArray[np.int64],
    ) -> Batch:
        """A short batch is filled with its first picture, without captions: no loss counts it."""
        count = self._rows(width)
        rows = np.array(places + [places[0]] * (count - len(places)))
        texts = [captions[place] for place in places] + [[]] * (count - len(places))
        shape = (count, self.most, width)
        inputs = [pad([[BOS, *ids] for ids in some], self.most, width) for some in texts]
        labels = [pad([[*ids, EOS] for ids in some], self.most, width) for some in texts]
        return Batch(
            kept.take(views[rows], rows),
            np.reshape(inputs, shape),
            np.reshape(labels, shape),
            places=np.array(places + [-1] * (count - len(places))),
        )
