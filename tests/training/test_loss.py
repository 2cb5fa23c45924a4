"""The smoothed loss is the cross-entropy with an explicit smoothed one-hot target."""

from __future__ import annotations

import numpy as np
import pytest
from keras import ops

from scripts.training.loss import inconsistency, smoothed_cross_entropy


@pytest.mark.parametrize("smoothing", [0.0, 0.1, 0.5])
def test_the_loss_equals_the_explicit_formula(smoothing: float) -> None:
    generator = np.random.default_rng(3)
    logits = generator.normal(0, 2, (3, 4, 7)).astype(np.float32)
    labels = np.array([[4, 5, 2, 0], [6, 2, 0, 0], [0, 0, 0, 0]], np.int32)
    target = (1 - smoothing) * np.eye(7)[labels] + smoothing / 7
    log_probabilities = logits - np.log(np.exp(logits).sum(axis=-1, keepdims=True))
    nats = -(target * log_probabilities).sum(axis=-1)[labels != 0]
    loss = smoothed_cross_entropy(smoothing)(ops.convert_to_tensor(labels), logits)
    np.testing.assert_allclose(float(loss), nats.mean(), rtol=1e-5)


def test_a_batch_of_padding_costs_nothing() -> None:
    labels = np.zeros((2, 3), np.int32)
    loss = smoothed_cross_entropy(0.1)(ops.convert_to_tensor(labels), np.ones((2, 3, 5), "float32"))
    assert float(loss) == 0.0


def test_huge_logits_stay_finite() -> None:
    logits = np.array([[[1e4, -1e4, 0.0]]], np.float32)
    loss = smoothed_cross_entropy(0.1)(ops.convert_to_tensor([[1]]), logits)
    assert np.isfinite(float(loss))


def test_inconsistency_is_the_mean_divergence_of_both_directions() -> None:
    logits = np.random.default_rng(3).normal(0, 2, (4, 3, 7)).astype(np.float32)
    labels = np.array([[4, 5, 2], [6, 2, 0]] * 2, np.int32)
    p, q = np.split(np.exp(logits) / np.exp(logits).sum(axis=-1, keepdims=True), 2)
    both = 0.5 * (p * np.log(p / q) + q * np.log(q / p)).sum(axis=-1)
    found = inconsistency(ops.convert_to_tensor(labels), ops.convert_to_tensor(logits))
    np.testing.assert_allclose(float(found), both[labels[:2] != 0].mean(), rtol=1e-5)
