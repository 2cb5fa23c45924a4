"""Make rectangular arrays of sources of unequal length."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from app.artifacts.manifest import Tensor
from app.engine.backend import Source

D = TypeVar("D", bound=np.generic)


def padded(count: int, multiple: int) -> int:
    """Return the smallest whole multiple of `multiple` ≥ `count`, at least one of it.

    >>> padded(17, 16), padded(0, 16)
    (32, 16)
    """
    return max(1, -(-count // multiple)) * multiple


def pad_rows(array: NDArray[D], rows: int) -> NDArray[D]:
    """Return `array` [n, ...] with zeros behind, [rows, ...]."""
    return np.pad(array, [(0, rows - len(array))] + [(0, 0)] * (array.ndim - 1))


def source_width(source: Source, tensors: Mapping[str, Tensor]) -> int:
    """Return the length of `source` along its longest source axis; 1 without one."""
    axes = {name: tensor.source_axis for name, tensor in tensors.items()}
    sizes = [source[name].shape[axis - 1] for name, axis in axes.items() if axis is not None]
    return max(sizes, default=1)


def sample_source(tensors: Mapping[str, Tensor], width: int) -> dict[str, NDArray[Any]]:
    """Return a source that fits `tensors`: ones, with source axes of length `width`."""
    shapes = {
        n: [a if isinstance(a, int) else width for a in t.axes[1:]] for n, t in tensors.items()
    }
    return {name: np.ones(shape, tensors[name].dtype) for name, shape in shapes.items()}


def filled(mask: NDArray[np.bool_]) -> tuple[int, ...]:
    """Return one more than the last true place of each row of `mask` [rows, width]; at least 1.

    >>> filled(np.array([[True, True, False], [False, False, False]]))
    (2, 1)
    """
    last = mask.shape[1] - np.argmax(mask[:, ::-1], axis=1)
    return tuple(np.where(mask.any(axis=1), last, 1).tolist())


def pad_sources(
    sources: Sequence[Source],
    tensors: Mapping[str, Tensor],
    *,
    rows: int,
    width_multiple: int = 1,
) -> dict[str, NDArray[Any]]:
    """Stack `sources` into `encode`'s inputs: one array [rows, ...] for each of `tensors`.

    A `source` axis is as long as its longest row, rounded up to `width_multiple`, and filled with
    the tensor's pad value; rows beyond the sources are all padding.

    Raises:
        ValueError: a source lacks a tensor or has another shape than the manifest says.
    """
    stacked: dict[str, NDArray[Any]] = {}
    for name, tensor in tensors.items():
        try:
            parts = [np.asarray(source[name]) for source in sources]
        except KeyError:
            raise ValueError(f"a source lacks {name!r}, which `encode` takes") from None
        shape = [part if isinstance(part, int) else 0 for part in tensor.axes[1:]]
        axis = tensor.source_axis
        if axis is not None:
            longest = max((part.shape[axis - 1] for part in parts), default=1)
            shape[axis - 1] = padded(longest, width_multiple)
        array = np.full([rows, *shape], tensor.pad, np.dtype(tensor.dtype))
        for row, part in enumerate(parts):
            place: tuple[int | slice, ...] = (row, *(slice(size) for size in part.shape))
            array[place] = part
        stacked[name] = array
    return stacked
