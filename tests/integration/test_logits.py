"""What a step asks of its logits is what the plain operations say, by other kernels."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.engine.session.logits import best_allowed, log_total, top

import tensorflow as tf  # isort: skip - app.engine.session says how it is loaded


@pytest.mark.parametrize("vocabulary", [5, 300, 6000, 6001])
@pytest.mark.parametrize("count", [1, 5, 8])
@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), levels=st.sampled_from([3, 50, 1_000_000]))
def test_the_greatest_are_those_of_top_k_in_its_order(
    vocabulary: int, count: int, seed: int, levels: int
) -> None:
    count = min(count, vocabulary)
    # Few levels make many equal logits: the lower id comes first, as with `top_k`.
    drawn = np.random.default_rng(seed).integers(0, levels, (4, vocabulary))
    logits = (drawn - levels / 2).astype(np.float32)
    best, ids = top(tf.constant(logits), count)
    if levels > vocabulary**2:
        assert np.array_equal(ids, np.argsort(-logits, axis=1, kind="stable")[:, :count])
    assert np.array_equal(best, -np.sort(-logits, axis=1)[:, :count])
    assert np.array_equal(np.take_along_axis(logits, ids.numpy(), axis=1), best)
    assert all(len(set(row)) == count for row in ids.numpy().tolist())


def test_the_greatest_may_be_minus_infinity() -> None:
    logits = np.full((2, 6000), -np.inf, np.float32)
    logits[:, 5990:] = 1.0
    best, ids = top(tf.constant(logits), 16)
    assert best.numpy()[:, :10].tolist() == [[1.0] * 10] * 2
    assert ids.numpy()[:, :10].tolist() == [list(range(5990, 6000))] * 2
    assert (ids.numpy() < 6000).all()


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), shift=st.floats(-1e4, 1e4))
def test_the_total_is_that_of_the_exponentials(seed: int, shift: float) -> None:
    logits = np.random.default_rng(seed).normal(shift, 5.0, (3, 700)).astype(np.float32)
    exact = np.logaddexp.reduce(logits.astype(np.float64), axis=1)
    assert np.allclose(log_total(tf.constant(logits)).numpy()[:, 0], exact, rtol=1e-6, atol=1e-5)


def test_what_is_never_written_is_never_best() -> None:
    logits = np.array([[9.0, 8.0, 1.0, 7.0], [0.0, 1.0, 2.0, 3.0]], np.float32)
    assert best_allowed(tf.constant(logits), (0, 1)).numpy().tolist() == [3, 3]
    assert best_allowed(tf.constant(logits[1:]), (0, 3)).numpy().tolist() == [2]


@pytest.mark.parametrize("vocabulary", [5, 80, 6000, 6001])
@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), levels=st.sampled_from([3, 1_000_000]))
def test_the_best_is_the_first_of_the_greatest_that_are_allowed(
    vocabulary: int, seed: int, levels: int
) -> None:
    drawn = np.random.default_rng(seed).integers(0, levels, (4, vocabulary)).astype(np.float32)
    banned = [0, int(drawn[1].argmax())]
    allowed = drawn.copy()
    allowed[:, banned] = -np.inf
    best = best_allowed(tf.constant(drawn), banned).numpy()
    assert best.tolist() == allowed.argmax(axis=1).tolist()


def test_a_row_of_no_numbers_has_a_total_that_is_none() -> None:
    logits = np.zeros((2, 6000), np.float32)
    logits[1, 5] = np.nan
    assert np.isnan(log_total(tf.constant(logits)).numpy()[:, 0]).tolist() == [False, True]
    assert 0 <= best_allowed(tf.constant(logits), (0,)).numpy()[1] < 6000
