"""Read pictures as training sees them: the whole frame stretched to a square, or a view of it.

A view is what augmentation makes of a picture: flipped, cropped, brighter or darker. View 0 is the
picture itself; what the others are follows from the seed, the view's number and the picture's.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageEnhance

SIDED = re.compile(r"\b(left|right)\b", re.IGNORECASE)
LEAST_AREA = 0.6  # of the picture that a crop keeps
LIGHT = 0.2  # how much brightness, contrast and colour change, up or down
Pixels = NDArray[np.uint8]


@dataclass(frozen=True)
class View:
    """One way to look at a picture: `box` is (left, top, right, bottom) as shares of its sides."""

    flipped: bool = False
    box: tuple[float, float, float, float] = (0.0, 0.0, 1.0, 1.0)
    light: tuple[float, float, float] = (1.0, 1.0, 1.0)


PLAIN = View()


def flippable(captions: Sequence[str]) -> bool:
    """Whether no caption says which side is which: flipped, it would be wrong."""
    return not any(SIDED.search(caption) for caption in captions)


def choose_view(seed: int, number: int, place: int, may_flip: bool) -> View:
    """Return view `number` of picture `place`: 0 as it is, 1 flipped, from 2 on both and cropped.

    Args:
        seed: of the run.
        number: which view, from 0.
        place: the picture's place in its list.
        may_flip: whether its captions allow flipping.
    """
    if number == 0 or (number == 1 and may_flip):
        return View(flipped=number == 1)
    generator = np.random.default_rng((seed, number, place))
    share = np.sqrt(generator.uniform(LEAST_AREA, 1.0))
    stretch = np.exp(generator.uniform(-0.15, 0.15))
    width, height = min(1.0, share * stretch), min(1.0, share / stretch)
    left, top = generator.uniform(0.0, 1.0 - width), generator.uniform(0.0, 1.0 - height)
    brightness, contrast, colour = generator.uniform(1.0 - LIGHT, 1.0 + LIGHT, 3).tolist()
    flipped = bool(may_flip and generator.random() < 0.5)
    return View(flipped, (left, top, left + width, top + height), (brightness, contrast, colour))


def read_image(path: Path, size: int, view: View = PLAIN) -> Pixels:
    """Return a view of the picture at `path` as uint8 [size, size, 3].

    Raises:
        FileNotFoundError: there is no such file.
    """
    with Image.open(path) as file:
        return look(file.convert("RGB"), size, view)


def look(image: Any, size: int, view: View) -> Pixels:
    """Return a view of a Pillow picture as uint8 [size, size, 3]."""
    width, height = image.size
    left, top, right, bottom = view.box
    box = (left * width, top * height, right * width, bottom * height)
    if image.size != (size, size) or view.box != PLAIN.box:
        image = image.resize((size, size), Image.Resampling.BICUBIC, box=box)
    if view.flipped:
        image = image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    kinds = (ImageEnhance.Brightness, ImageEnhance.Contrast, ImageEnhance.Color)
    for kind, amount in zip(kinds, view.light, strict=True):
        if amount != 1.0:
            image = kind(image).enhance(amount)
    return np.asarray(image, np.uint8)
