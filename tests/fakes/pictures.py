"""A small data set of pictures drawn for the tests, and a backbone of two tiny convolutions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from keras import layers
from PIL import Image

from scripts.training.config import Recipe
from scripts.training.model.backbone import Backbone
from scripts.training.model.images import BACKBONES
from tests.fakes.tiny import tiny_recipe

COLOURS = {"red": (220, 30, 30), "green": (30, 200, 40), "blue": (40, 60, 220)}
SIDES = ("left", "right")
PLACES = 4  # the tiny backbone's grid is 2 x 2


class TinyBackbone(Backbone):
    """8 x 8 pixels to 2 x 2 x 6, in two stages."""

    size = 8

    def __init__(self) -> None:
        super().__init__(name="backbone")
        self.stages = [layers.Conv2D(n, 2, strides=2, activation="relu") for n in (5, 6)]
        shape: Any = (None, 8, 8, 3)
        for stage in self.stages:
            stage.build(shape)
            shape = stage.compute_output_shape(shape)
        self.built = True

    def prepare(self, image: Any) -> Any:
        return image / 128.0 - 1.0

    def load(self, weights: Path | None) -> None:
        """Random weights are good enough."""


def use_tiny_backbone(patch: pytest.MonkeyPatch) -> None:
    """Put the tiny backbone where Lite0 is: recipes know no other names."""
    patch.setitem(BACKBONES, "efficientnet-lite0", TinyBackbone)


def caption_recipe(**parts: Any) -> Recipe:
    """Return a recipe of a tiny captioner over the table that `write_pictures` writes."""
    corpus = {
        "path": "captions.tsv",
        "source": "image",
        "target": "caption",
        "licence": "CC0-1.0",
        "commercial_use": True,
        "attribution": "nobody",
        "validate_on": True,
    }
    data = {"source_language": "zxx", "target_language": "en", "max_target": 10}
    whole = {
        "task": "caption",
        "tokenizer": {"kind": "word", "vocabulary": 64},
        "model": {"embedding": 6, "dropout": 0.0},
        "fit": {"batch_tokens": 96, "learning_rate": 0.01, "warmup_steps": 2},
        **parts,
        "encoder": {"kind": "image", "units": 5, **parts.get("encoder", {})},
        "decoder": {"units": 7, **parts.get("decoder", {})},
        "data": {**data, "corpora": [corpus], **parts.get("data", {})},
    }
    return tiny_recipe(**whole)


def write_pictures(folder: Path) -> Path:
    """Write pictures of one colour on either side under `folder`; return their table."""
    images = folder / "images"
    images.mkdir(parents=True)
    rows = ["split\timage\tcaption"]
    generator = np.random.default_rng(3)
    for number in range(18):
        colour, side = list(COLOURS)[number % 3], SIDES[number // 3 % 2]
        pixels = generator.integers(0, 40, (8, 8, 3)).astype(np.uint8)
        pixels[:, 4 * (side == "right") :][:, :4] = COLOURS[colour]
        name = f"{number:02}.png"
        Image.fromarray(pixels).save(images / name)
        split = {15: "val", 16: "val", 17: "test"}.get(number, "train")
        rows += [
            f"{split}\t{name}\tA {colour} patch .",
            f"{split}\t{name}\tThere is {colour} , and nothing else !",
        ]
        if number % 2:
            rows.append(f"{split}\t{name}\t{colour} on the {side}")
    table = folder / "captions.tsv"
    table.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return table
