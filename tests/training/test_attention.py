"""Attentions compute what their papers say, on numbers a person can follow."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from keras import ops
from numpy.typing import NDArray

from scripts.training.checkpoint import to_array
from scripts.training.config import DecoderSection
from scripts.training.model.attention import ATTENTIONS, Attention
from scripts.training.model.encoders import NEGATIVE

UNITS, MEMORY, PLACES = 3, 5, 6
MASK = np.array([[True] * 6, [True] * 2 + [False] * 4, [False] * 6])
LENGTHS = MASK.sum(axis=1)
GENERATOR = np.random.default_rng(5)
READ = GENERATOR.normal(size=(3, PLACES, MEMORY)).astype(np.float32)
QUERY = GENERATOR.normal(size=(3, 4, UNITS)).astype(np.float32)  # four steps


def make(name: str, memory: int = MEMORY) -> Attention:
    """Return an attention with loud weights and a window of one place to either side."""
    attention = ATTENTIONS[name](DecoderSection(units=UNITS, attention=name, window=1), memory)
    for variable in attention.weights:
        variable.assign(GENERATOR.normal(0.0, 1.0, variable.shape).astype(np.float32))
    return attention


def weigh(attention: Attention, memory: NDArray[np.float32] = READ) -> NDArray[Any]:
    """Return the weights [row, step, place]."""
    bias = np.where(MASK, 0.0, NEGATIVE).astype(np.float32)[:, None, :]
    keys = attention.keys(ops.convert_to_tensor(memory))
    steps = np.arange(4, dtype=np.int32)[None, :]
    return np.asarray(ops.convert_to_numpy(attention.weigh(QUERY, keys, bias, steps)))


def softmax(x: NDArray[Any]) -> NDArray[Any]:
    """Return the softmax over the last axis, 0 where x is -inf."""
    powers = np.exp(x - x.max(axis=-1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=-1, keepdims=True))


def general(attention: Attention) -> NDArray[Any]:
    """Return the scores query · W memory [row, step, place]."""
    kernel = to_array(attention.weights[0])
    return np.einsum("bti,mi,bsm->bts", QUERY, kernel, READ)


@pytest.mark.parametrize("name", ATTENTIONS)
def test_padding_receives_nothing_and_a_row_of_it_finite_numbers(name: str) -> None:
    found = weigh(make(name, UNITS), READ[:, :, :UNITS])
    assert np.isfinite(found).all()
    assert (found[1, :, 2:] == 0).all()
    assert (found[:2].sum(axis=-1) < 1 + 1e-6).all()


def test_concat_is_one_product_with_both_side_by_side() -> None:
    attention = make("concat")
    memory, query, score = (to_array(variable) for variable in attention.weights)
    both = np.concatenate(
        [
            np.broadcast_to(QUERY[0][:, None], (4, PLACES, UNITS)),
            np.broadcast_to(READ[0][None], (4, PLACES, MEMORY)),
        ],
        axis=-1,
    )
    scores = np.tanh(both @ np.concatenate([query, memory])) @ score
    np.testing.assert_allclose(weigh(attention)[0], softmax(scores[..., 0]), atol=1e-5)


def test_local_m_moves_its_window_a_place_a_step_and_stays_at_the_end() -> None:
    attention = make("local-m")
    found = weigh(attention)
    # Four steps, window 1: {0, 1}, {0, 1, 2}, {1, 2, 3}, {2, 3, 4}; of two places: both, always.
    assert [np.flatnonzero(row).tolist() for row in found[0]] == [
        [0, 1],
        [0, 1, 2],
        [1, 2, 3],
        [2, 3, 4],
    ]
    assert [np.flatnonzero(row).tolist() for row in found[1]] == [[0, 1]] * 4
    wanted = softmax(general(attention)[0, 2, 1:4])
    np.testing.assert_allclose(found[0, 2, 1:4], wanted, atol=1e-5)


def test_local_p_reads_a_gaussian_about_the_place_it_predicts() -> None:
    attention = make("local-p")
    _, position, share = (to_array(variable) for variable in attention.weights)
    centre = LENGTHS[:, None] / (1 + np.exp(-(np.tanh(QUERY @ position) @ share)[..., 0]))
    apart = np.abs(np.arange(PLACES) - centre[..., None])
    near = (apart <= 1) & MASK[:, None, :]
    sigma = 1 / 2
    with np.errstate(invalid="ignore"):  # the row of padding has no place at all
        wanted = softmax(np.where(near, general(attention), -np.inf))
    wanted *= np.exp(-(apart**2) / (2 * sigma**2))
    np.testing.assert_allclose(weigh(attention)[:2], wanted[:2], atol=1e-5)
