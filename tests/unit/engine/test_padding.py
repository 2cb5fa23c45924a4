"""Rectangles of sources."""

from __future__ import annotations

import numpy as np
import pytest

from app.artifacts.manifest import Tensor
from app.engine.padding import pad_sources, padded, sample_source

TOKENS = {"tokens": Tensor(dtype="int32", axes=("batch", "source"))}


def test_sources_are_padded_on_the_right() -> None:
    sources = [{"tokens": np.array([5, 6], np.int32)}, {"tokens": np.array([7], np.int32)}]
    arrays = pad_sources(sources, TOKENS, rows=3, width_multiple=4)
    assert arrays["tokens"].tolist() == [[5, 6, 0, 0], [7, 0, 0, 0], [0, 0, 0, 0]]
    assert arrays["tokens"].dtype == np.int32


def test_series_are_padded_with_the_manifests_value() -> None:
    tensors = {
        "values": Tensor(dtype="float32", axes=("batch", "source", 2), pad=-1.0),
        "mask": Tensor(dtype="bool", axes=("batch", "source"), pad=False),
    }
    sources = [
        {"values": np.ones((2, 2), np.float32), "mask": np.ones(2, bool)},
        {"values": np.ones((1, 2), np.float32), "mask": np.ones(1, bool)},
    ]
    arrays = pad_sources(sources, tensors, rows=2)
    assert arrays["values"][1].tolist() == [[1, 1], [-1, -1]]
    assert arrays["mask"].tolist() == [[True, True], [True, False]]


def test_a_source_without_its_tensor_is_named() -> None:
    with pytest.raises(ValueError, match="'tokens'"):
        pad_sources([{"image": np.zeros(1)}], TOKENS, rows=1)


def test_padded_counts_in_whole_multiples() -> None:
    assert [padded(n, 16) for n in (0, 1, 16, 17)] == [16, 16, 16, 32]


def test_a_sample_source_is_as_wide_as_was_asked() -> None:
    tensors = {
        "values": Tensor(dtype="float32", axes=("batch", "source", 2)),
        "mask": Tensor(dtype="bool", axes=("batch", "source")),
    }
    found = {name: array.tolist() for name, array in sample_source(tensors, 3).items()}
    assert found == {"values": [[1, 1], [1, 1], [1, 1]], "mask": [True, True, True]}
