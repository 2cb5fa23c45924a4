"""Batches hold every pair once, in few shapes, and are the same for the same seed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.text.tokenizer import BOS, EOS, PAD
from scripts.training.batches import (
    WIDTHS,
    Batch,
    choose_shapes,
    make_batches,
    pad,
    rows_for,
)

Pairs = list[tuple[list[int], list[int]]]
IDS = st.lists(st.integers(4, 9), max_size=40)
PAIRS = st.lists(st.tuples(IDS, IDS), min_size=1, max_size=60)
SEEDS = st.none() | st.integers(0, 99)


def draw(pairs: Pairs, seed: int | None, batch_tokens: int = 128) -> list[Batch]:
    """Return all batches of `pairs`; no seed means in length order."""
    generator = None if seed is None else np.random.default_rng(seed)
    return list(make_batches(pairs, choose_shapes(pairs), batch_tokens, generator))


def strip(row: Iterable[int]) -> tuple[int, ...]:
    """Return `row` without its padding."""
    return tuple(int(i) for i in row if i != PAD)


@given(PAIRS, SEEDS)
def test_every_pair_is_in_exactly_one_batch(pairs: Pairs, seed: int | None) -> None:
    seen: Counter[tuple[tuple[int, ...], tuple[int, ...]]] = Counter()
    for batch in draw(pairs, seed):
        for source, inputs, labels in zip(batch.source, batch.inputs, batch.labels, strict=True):
            if not labels.any():
                assert not source.any()
                assert not inputs.any()
                continue
            assert (source[source != PAD][-1], inputs[0]) == (EOS, BOS)
            seen[strip(source)[:-1], strip(labels)[:-1]] += 1
    assert seen == Counter((tuple(source), tuple(target)) for source, target in pairs)


@given(PAIRS, SEEDS)
def test_labels_are_the_inputs_shifted(pairs: Pairs, seed: int | None) -> None:
    for batch in draw(pairs, seed):
        for inputs, labels in zip(batch.inputs, batch.labels, strict=True):
            if labels.any():
                assert strip(labels) == (*strip(inputs)[1:], EOS)


@given(PAIRS, SEEDS)
def test_shapes_come_from_the_chosen_ones(pairs: Pairs, seed: int | None) -> None:
    shapes = choose_shapes(pairs)
    assert len(shapes) <= len(WIDTHS) + 25  # the squares, and at most 25 hold 4 percent each
    for batch in draw(pairs, seed):
        shape = batch.source.shape[1], batch.labels.shape[1]
        assert shape in shapes
        assert batch.inputs.shape == batch.labels.shape
        assert batch.source.shape[0] == batch.labels.shape[0] == rows_for(shape, 128)
        assert {batch.source.dtype, batch.inputs.dtype, batch.labels.dtype} == {np.dtype("int32")}


@given(PAIRS, st.integers(0, 99))
def test_the_same_seed_gives_the_same_batches(pairs: Pairs, seed: int) -> None:
    for first, second in zip(draw(pairs, seed), draw(pairs, seed), strict=True):
        np.testing.assert_array_equal(first.source, second.source)
        np.testing.assert_array_equal(first.inputs, second.inputs)
        np.testing.assert_array_equal(first.labels, second.labels)


def test_another_seed_gives_another_order() -> None:
    pairs = [([i % 90 + 4], [i % 90 + 4]) for i in range(500)]
    first, second = (np.concatenate([b.source for b in draw(pairs, seed)]) for seed in (1, 2))
    assert first.shape == second.shape
    assert (first != second).any()


def test_without_a_generator_batches_come_in_length_order() -> None:
    pairs: Pairs = [([5] * n, [6] * n) for n in (30, 3, 12, 60, 3)]
    widths = [batch.source.shape[1] for batch in draw(pairs, None)]
    assert widths == sorted(widths)


@pytest.mark.parametrize(
    ("shape", "tokens", "rows"),
    [((8, 10), 2048, 200), ((6, 6), 64, 8), ((256, 6), 1024, 8), ((12, 8), 1024, 80)],
)
def test_a_batch_holds_about_batch_tokens_in_rows_of_eight(
    shape: tuple[int, int], tokens: int, rows: int
) -> None:
    assert rows_for(shape, tokens) == rows


def test_rare_shapes_become_squares() -> None:
    common: Pairs = [([5] * 5, [5] * 7)] * 99
    assert choose_shapes([*common, ([5] * 3, [5] * 19)]) == {(6, 8), (8, 8), (20, 20)}


def test_articles_with_short_targets_need_no_squares() -> None:
    common: Pairs = [([5] * 100, [5] * 9)] * 99
    rare: Pairs = [([5] * 100, [5] * 19), ([5] * 60, [5] * 7)]
    shapes = choose_shapes([*common, *rare], square=False)
    assert shapes == {(128, 10), (128, 20), (64, 8)}
    batches = make_batches([*rare, ([5] * 50, [5] * 9)], shapes, 128, None)
    assert [b.source.shape[1:] + b.labels.shape[1:] for b in batches] == [
        (64, 8),
        (128, 10),
        (128, 20),
    ]


def test_tokens_counts_the_labels() -> None:
    (batch,) = draw([([5, 6], [7, 8, 9]), ([5], [6])], None)
    assert batch.tokens == 4 + 2


def test_rows_are_padded_on_the_right() -> None:
    rows: Sequence[Sequence[int]] = [[5, 6], [7]]
    assert pad(rows, 3, 4).tolist() == [[5, 6, 0, 0], [7, 0, 0, 0], [0, 0, 0, 0]]


def test_a_sentence_beyond_the_widest_width_is_refused() -> None:
    with pytest.raises(ValueError, match="a sentence of 321 tokens is longer than 320"):
        choose_shapes([([5] * 320, [5])])
