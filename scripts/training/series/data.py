"""Batches of windows: the same for the same seed."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from scripts.training.batches import Batch
from scripts.training.series.config import SeriesRecipe
from scripts.training.series.curves import points, training_starts, unseen_starts, windows

VALIDATION_WINDOWS = 100


class SeriesData:
    """What `Fit` asks of a recipe's data: training windows, and others that choose the weights."""

    def __init__(self, recipe: SeriesRecipe) -> None:
        """Cut the windows of `recipe`."""
        self._recipe = recipe
        self.train = training_starts(recipe.data)
        self.rows = max(1, recipe.fit.batch_tokens // recipe.data.window)
        self.shapes = frozenset({(recipe.data.window, recipe.data.window)})

    @property
    def steps_per_epoch(self) -> int:
        """How many batches an epoch has."""
        return max(1, len(self.train) * self._recipe.data.passes // self.rows)

    def epoch_batches(self, epoch: int) -> Iterator[Batch]:
        """Yield the batches of one epoch: pass after pass, each in an order of its own."""
        generator = np.random.default_rng((self._recipe.fit.seed, epoch))
        rounds = [generator.permutation(self.train) for _ in range(self._recipe.data.passes + 1)]
        starts = np.concatenate(rounds)
        for at in range(self.steps_per_epoch):
            yield self._batch(starts[at * self.rows : (at + 1) * self.rows])

    def validation_batches(self) -> list[Batch]:
        """Return one batch of windows that are neither trained on nor measured."""
        seed = self._recipe.fit.seed + 1_000_003
        return [self._batch(unseen_starts(self._recipe.data, VALIDATION_WINDOWS, seed))]

    def _batch(self, starts: NDArray[np.float64]) -> Batch:
        about = self._recipe.data
        x = points(about, starts)
        source = windows(about.source, x)
        return Batch(source, np.ones(source.shape[:2], np.bool_), windows(about.target, x))
