"""Pictures drawn by code, for golden examples: no one's photograph enters an artifact.

Whole numbers only, so that every machine draws the same pixels. They are named by what they show;
a captioner trained on photographs need not agree, it must only go on saying what it said.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
Grid = NDArray[np.int64]


def _fill(pixels: Pixels, where: NDArray[np.bool_], colour: tuple[int, int, int]) -> None:
    pixels[where] = colour


def _grain(x: Grid, y: Grid) -> Grid:
    """Return noise from 0 to 15 that follows from the place alone."""
    return (x * 7919 + y * 104_729 + x * y * 31) % 16


def _meadow(x: Grid, y: Grid) -> Pixels:
    """A brown dog-like shape on grass under the sky; x and y go from 0 to 999."""
    pixels = np.zeros((*x.shape, 3), np.uint8)
    _fill(pixels, y < 450, (150, 190, 230))
    _fill(pixels, y >= 450, (70, 140, 50))
    body = 4 * (x - 480) ** 2 + 16 * (y - 600) ** 2 < 4 * 180**2
    head = (x - 680) ** 2 + (y - 520) ** 2 < 70**2
    legs = (abs((x - 480) % 130 - 65) < 18) & (y > 600) & (y < 760) & (abs(x - 480) < 170)
    _fill(pixels, body | head | legs, (120, 75, 40))
    return pixels


def _beach(x: Grid, y: Grid) -> Pixels:
    """Sky, sea with waves, sand, and an upright figure."""
    pixels = np.zeros((*x.shape, 3), np.uint8)
    _fill(pixels, y < 400, (170, 205, 240))
    _fill(pixels, y >= 400, (40, 100, 160))
    _fill(pixels, (y >= 400) & ((y + x // 7 % 20) % 60 < 8), (235, 240, 245))
    _fill(pixels, y >= 700, (215, 190, 140))
    figure = (abs(x - 500) < 45) & (y > 480) & (y < 700)
    head = (x - 500) ** 2 + (y - 440) ** 2 < 45**2
    _fill(pixels, figure, (190, 40, 40))
    _fill(pixels, head | ((abs(x - 500) < 40) & (y >= 700) & (y < 850)), (225, 175, 140))
    return pixels


def _street(x: Grid, y: Grid) -> Pixels:
    """House fronts with windows above a grey road."""
    pixels = np.zeros((*x.shape, 3), np.uint8)
    _fill(pixels, y < 1000, (200, 205, 210))
    _fill(pixels, (y > 150) & ((x // 250) % 2 == 0), (160, 90, 70))
    _fill(pixels, (y > 220) & ((x // 250) % 2 == 1), (190, 165, 120))
    windows = (x % 125 > 40) & (x % 125 < 90) & (y % 140 > 50) & (y % 140 < 110) & (y > 280)
    _fill(pixels, windows & (y < 650), (60, 70, 90))
    _fill(pixels, y > 700, (90, 90, 95))
    _fill(pixels, (abs(y - 850) < 10) & (x % 200 < 110), (240, 240, 235))
    return pixels


DRAWINGS: dict[str, Callable[[Grid, Grid], Pixels]] = {
    "meadow": _meadow,
    "beach": _beach,
    "street": _street,
}


def draw(name: str, height: int, width: int) -> Pixels:
    """Return the drawing as uint8 [height, width, 3].

    Raises:
        KeyError: there is no such drawing.
    """
    rows, columns = np.mgrid[:height, :width].astype(np.int64)
    x, y = columns * 1000 // width, rows * 1000 // height
    light = DRAWINGS[name](x, y).astype(np.int64) + _grain(x, y)[..., None] - 8
    return np.clip(light, 0, 255).astype(np.uint8)
