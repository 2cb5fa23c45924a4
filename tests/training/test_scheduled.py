"""Scheduled sampling feeds a decoder ever more of its own tokens, for a seed always the same."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from keras import ops

from scripts.training.batches import Batch
from scripts.training.model.seq2seq import Seq2Seq
from scripts.training.scheduled import ScheduledSampling
from tests.fakes.tiny import loud, tiny_recipe

VOCABULARY, WIDTH = 11, 8
GENERATOR = np.random.default_rng(4)
SOURCE = GENERATOR.integers(4, VOCABULARY, (6, 5)).astype(np.int32)
LABELS = GENERATOR.integers(4, VOCABULARY, (6, WIDTH)).astype(np.int32)
LABELS[:3, 5:] = 0
INPUTS = np.concatenate([np.ones((6, 1), np.int32), LABELS[:, :-1]], axis=1)
BATCH = Batch(SOURCE, INPUTS, LABELS)


@pytest.fixture(scope="module")
def model() -> Seq2Seq:
    """A small model with dropout, whose guesses are far from the labels."""
    keras.utils.set_random_seed(7)
    recipe = tiny_recipe(
        model={"embedding": 4, "dropout": 0.5},
        encoder={"kind": "recurrent", "units": 4, "layers": 1},
        decoder={"kind": "transformer", "units": 4, "heads": 2, "feed_forward": 6},
    )
    return loud(Seq2Seq(recipe, VOCABULARY))


def sampling(model: Seq2Seq, share: float, seed: int = 1) -> ScheduledSampling:
    """Return an objective that reaches `share` after ten batches."""
    objective = ScheduledSampling(model, share, 10, seed)
    objective.guessing.jit_compile = False  # compiling would take most of the time here
    return objective


def test_a_fit_begins_with_teacher_forcing(model: Seq2Seq) -> None:
    assert sampling(model, 1.0).refine(BATCH, 0) is BATCH


def test_in_the_end_all_but_the_first_token_and_padding_may_be_its_own(model: Seq2Seq) -> None:
    refined = sampling(model, 1.0).refine(BATCH, 10)
    logits = ops.convert_to_numpy(model((SOURCE, INPUTS), training=False))
    guessed = logits[:, :-1, 4:].argmax(axis=-1) + 4  # the first four ids are never said
    wanted = np.concatenate([INPUTS[:, :1], np.where(INPUTS[:, 1:] != 0, guessed, 0)], axis=1)
    np.testing.assert_array_equal(refined.inputs, wanted)
    assert refined.labels is LABELS
    assert refined.source is SOURCE


def test_a_language_tag_is_never_its_own(model: Seq2Seq) -> None:
    tagged = Batch(SOURCE, INPUTS, np.where(np.arange(WIDTH) == 0, 0, LABELS))
    refined = sampling(model, 1.0).refine(tagged, 10).inputs
    free = sampling(model, 1.0).refine(BATCH, 10).inputs
    np.testing.assert_array_equal(refined[:, :2], INPUTS[:, :2])
    np.testing.assert_array_equal(refined[:, 2:], free[:, 2:])


def test_the_share_rises_evenly_and_depends_on_seed_and_step_alone(model: Seq2Seq) -> None:
    def inputs(step: int, seed: int = 1) -> list[list[int]]:
        return sampling(model, 0.8, seed).refine(BATCH, step).inputs.tolist()

    changed = [np.not_equal(inputs(step), INPUTS).sum() for step in (1, 5, 10)]
    assert changed == sorted(changed)
    assert changed[0] < changed[2]
    assert inputs(5) == inputs(5)
    assert inputs(5) != inputs(5, seed=2)


def test_validation_stays_that_of_teacher_forcing(model: Seq2Seq) -> None:
    model.compile(optimizer="sgd", run_eagerly=True)
    found = sampling(model, 1.0).loss([BATCH])
    assert found == pytest.approx(float(model.test_on_batch((SOURCE, INPUTS), LABELS)))
