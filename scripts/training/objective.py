"""What a fit learns from a batch, and what it is judged by on validation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import keras
import numpy as np

from scripts.training.batches import Batch


class Objective(Protocol):
    """The seam: one batch after the other is refined before it is learnt."""

    def refine(self, batch: Batch, step: int) -> Batch:
        """Return what to learn from `batch` now; `step` seeds what is drawn."""

    def loss(self, batches: Sequence[Batch]) -> float:
        """Return how far the model is from what it should do: the lower the better."""


class Likelihood:
    """Teacher forcing: every label is learnt after the true tokens before it."""

    def __init__(self, model: keras.Model) -> None:
        """Judge `model`, which knows its own loss."""
        self.model = model

    def refine(self, batch: Batch, step: int) -> Batch:
        """Return the batch as it is."""
        return batch

    def loss(self, batches: Sequence[Batch]) -> float:
        """Return the nats a label."""
        sums = np.zeros(2)
        for batch in batches:
            loss = float(self.model.test_on_batch((batch.source, batch.inputs), batch.labels))
            sums += (loss * batch.tokens, batch.tokens)
        return float(sums[0] / sums[1])
