"""Curves by their formulas, and windows cut from them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from scripts.training.series.config import Curves

Floats = NDArray[np.float64]
CURVES: dict[str, Callable[[Floats], Floats]] = {
    "sine": np.sin,
    "cosine": np.cos,
    "damped-sine": lambda x: np.exp(-x / 5) * np.sin(x),
    "damped-cosine": lambda x: np.exp(-x / 5) * np.cos(x),
    "square": np.square,
    "root": np.sqrt,
}


def training_starts(curves: Curves) -> Floats:
    """Return where the training windows begin: an even grid [starts]."""
    return np.linspace(curves.low, curves.last, curves.starts)


def unseen_starts(curves: Curves, count: int, seed: int) -> Floats:
    """Return `count` places [count] in the middle halves of the training grid's gaps, sorted.

    With a grid of 0, 1, 2 they are drawn from 0.25 to 0.75 and from 1.25 to 1.75.
    """
    generator = np.random.default_rng(seed)
    grid = training_starts(curves)
    gaps = generator.integers(0, len(grid) - 1, count)
    return np.sort(grid[gaps] + (grid[1] - grid[0]) * generator.uniform(0.25, 0.75, count))


def points(curves: Curves, starts: Floats) -> Floats:
    """Return the x of each window that begins at `starts` [n]: [n, window]."""
    x = starts[:, None] + curves.step * np.arange(curves.window)
    return np.clip(x, curves.low, curves.high)  # rounding may step over the end by a hair


def windows(name: str, x: Floats) -> NDArray[np.float32]:
    """Return the curve `name` at x [n, window] as series of one feature [n, window, 1]."""
    return CURVES[name](x)[..., None].astype(np.float32)
