"""A pointer-generator decodes step by step as it was trained, and copies only from the source."""

from __future__ import annotations

from functools import cache
from typing import Any

import keras
import numpy as np
import pytest
from keras import ops
from numpy.typing import NDArray
from pydantic import ValidationError

from scripts.training.config import DecoderSection, Recipe
from scripts.training.loss import mixture_cross_entropy
from scripts.training.model.pointer import mix
from scripts.training.model.seq2seq import Seq2Seq
from tests.fakes.tiny import loud, step_by_step, tiny_recipe

VOCABULARY = 11
UNITS = 4
# Rows of 4, 2 and 1 tokens; the first holds one id twice.
SOURCE = np.array([[5, 6, 5, 2], [9, 2, 0, 0], [2, 0, 0, 0]], np.int32)
INPUTS = np.array([[1, 4, 5], [1, 10, 0], [1, 0, 0]], np.int32)
LABELS = np.array([[4, 5, 2], [10, 2, 0], [2, 0, 0]], np.int32)
MEMBERS = [("general", False, 2), ("general", True, 1), ("bahdanau", True, 1), ("dot", True, 2)]


def recipe(attention: str, coverage: bool, layers: int) -> Recipe:
    """Return a recipe whose only content is its model, small and without dropout."""
    decoder = {"units": UNITS, "layers": layers, "attention": attention}
    return tiny_recipe(
        task="summarize",
        model={"embedding": UNITS, "dropout": 0.0},
        encoder={"units": UNITS, "feed_forward": 6, "layers": 1, "heads": 2},
        decoder={**decoder, "copying": True, "coverage": coverage},
    )


@cache
def build(attention: str, coverage: bool, layers: int) -> Seq2Seq:
    """Return one member with weights so large that every part of it matters."""
    keras.utils.set_random_seed(7)
    return loud(Seq2Seq(recipe(attention, coverage, layers), VOCABULARY))


def sigmoid(x: NDArray[Any]) -> NDArray[Any]:
    """Return 1 / (1 + e^-x)."""
    return np.asarray(1.0 / (1.0 + np.exp(-x)))


def softmax(x: NDArray[Any]) -> NDArray[Any]:
    """Return the softmax over the last axis."""
    powers = np.exp(x - x.max(axis=-1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=-1, keepdims=True))


def mixture(parts: dict[str, Any]) -> NDArray[Any]:
    """Return the probabilities [batch, target, vocabulary] of what `call` returns, the long way."""
    logits, gate, copies, ids = (
        np.asarray(ops.convert_to_numpy(parts[name]), np.float64)
        for name in ("logits", "gate", "copies", "ids")
    )
    ids = ids.astype(int)
    result = softmax(logits) * sigmoid(gate)[..., None]
    for row, step, place in np.ndindex(copies.shape):
        share = sigmoid(-gate[row, step]) * np.exp(copies[row, step, place])
        result[row, step, ids[row, place]] += share
    return result


every_member = pytest.mark.parametrize(
    "member", MEMBERS, ids=["-".join(map(str, m)) for m in MEMBERS]
)


@every_member
def test_steps_give_the_mixture_of_teacher_forcing(member: tuple[str, bool, int]) -> None:
    model = build(*member)
    logs, attention = step_by_step(model, SOURCE, INPUTS)
    np.testing.assert_allclose(np.exp(logs), mixture(model((SOURCE, INPUTS))), atol=1e-5)
    np.testing.assert_allclose(np.exp(logs).sum(axis=-1), 1.0, atol=1e-5)
    np.testing.assert_allclose(attention.sum(axis=-1), 1.0, atol=1e-5)


@every_member
def test_padding_is_never_copied_and_changes_nothing(member: tuple[str, bool, int]) -> None:
    model = build(*member)
    logs, attention = step_by_step(model, SOURCE, INPUTS)
    assert (attention * (SOURCE == 0)[:, None, :] == 0).all()
    generated = softmax(ops.convert_to_numpy(model((SOURCE, INPUTS))["logits"]))[..., 0]
    assert (np.exp(logs[..., 0]) <= generated + 1e-6).all()  # no more padding than is generated
    wider, _ = step_by_step(model, np.pad(SOURCE, ((0, 0), (0, 3))), INPUTS)
    np.testing.assert_allclose(wider, logs, atol=1e-4)


def test_a_row_of_padding_gives_finite_numbers() -> None:
    logs, attention = step_by_step(build(*MEMBERS[1]), np.zeros_like(SOURCE), INPUTS)
    assert np.isfinite(logs).all()
    assert (attention == 0).all()


def test_what_was_pointed_at_counts_where_there_is_coverage() -> None:
    model = build(*MEMBERS[1])
    tensors = {**model.encode(ops.convert_to_tensor(SOURCE)), "token": INPUTS[:, 0]}
    assert tuple(tensors["state_coverage"].shape) == SOURCE.shape
    fresh = ops.convert_to_numpy(model.step(tensors)["attention"])
    covered = np.where(SOURCE == 5, 2.0, 0.0).astype(np.float32)
    again = ops.convert_to_numpy(model.step({**tensors, "state_coverage": covered})["attention"])
    assert np.abs(fresh - again)[0].max() > 1e-3
    assert "state_coverage" not in build(*MEMBERS[0]).encode(ops.convert_to_tensor(SOURCE))


def test_two_places_of_one_token_add_up() -> None:
    logits, copies = np.log([[0.2, 0.8, 0.0 + 1e-9]]), np.array([[0.9, 0.1]])
    mixed = mix(
        *(ops.convert_to_tensor(x.astype(np.float32)) for x in (logits, np.zeros(1), copies)),
        ops.convert_to_tensor(np.array([[0, 0]], np.int32)),
    )
    np.testing.assert_allclose(np.exp(ops.convert_to_numpy(mixed)), [[0.6, 0.4, 0.0]], atol=1e-6)


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_the_loss_equals_the_explicit_formula(smoothing: float) -> None:
    parts = build(*MEMBERS[1])((SOURCE, INPUTS))
    counts = LABELS != 0
    chosen = np.take_along_axis(mixture(parts), LABELS[..., None], axis=-1)[..., 0]
    spread = np.log(softmax(ops.convert_to_numpy(parts["logits"]))).mean(axis=-1)
    nats = -(1 - smoothing) * np.log(chosen) - smoothing * spread
    loss = mixture_cross_entropy(smoothing)(ops.convert_to_tensor(LABELS), parts)
    np.testing.assert_allclose(float(loss), nats[counts].mean(), rtol=1e-5)


def test_the_loss_stays_finite_where_one_side_is_impossible() -> None:
    parts = {
        "logits": np.array([[[1e4, -1e4, 0.0, 0.0]]], np.float32),
        "gate": np.array([[-1e4]], np.float32),
        "copies": np.array([[[0.0, -1e9]]], np.float32),
        "ids": np.array([[2, 0]], np.int32),
    }
    losses = [
        float(mixture_cross_entropy(0.0)(ops.convert_to_tensor([[n]]), parts)) for n in (1, 2)
    ]
    assert np.isfinite(losses).all()
    assert losses[1] == 0.0


def test_coverage_without_copying_is_refused() -> None:
    with pytest.raises(ValidationError, match=r"decoder\.coverage needs decoder\.copying"):
        DecoderSection(coverage=True)
