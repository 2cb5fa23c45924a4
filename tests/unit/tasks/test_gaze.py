"""Attention over the places of an image, as a grid for each word."""

from __future__ import annotations

import numpy as np
import pytest

from app.artifacts.manifest import ImageProcessing, Manifest
from app.engine.request import Hypothesis
from app.tasks.gaze import Gaze, gaze, grid_of
from tests.fakes.models import captioner

MODEL = captioner()


def hypothesis(weights: list[list[float]] | None, *tokens: int) -> Hypothesis:
    attention = None if weights is None else np.array(weights, np.float32)
    return Hypothesis(tokens, -1.0, -1.0, "stop", attention)


def test_nobody_asked_for_it() -> None:
    assert gaze(hypothesis(None, 7), MODEL) is None


def test_each_word_has_its_grid_which_adds_up_to_one() -> None:
    looked = hypothesis([[1.0, 0.0, 0.5, 0.5], [0.0, 0.0, 0.0, 0.0]], 7, 4)
    assert gaze(looked, MODEL) == Gaze(
        rows=2,
        columns=2,
        words=("red", "blue"),
        weights=(((0.5, 0.0), (0.25, 0.25)), ((0.0, 0.0), (0.0, 0.0))),
    )


def test_an_empty_caption_looked_nowhere() -> None:
    empty = Hypothesis((), -1.0, -1.0, "stop", np.zeros((0, 4), np.float32))
    assert gaze(empty, MODEL) == Gaze(2, 2, (), ())


def sized(height: int, width: int, grid: tuple[int, int] | None = None) -> Manifest:
    manifest = MODEL.artifact.manifest
    image = manifest.signatures.encode.inputs["image"]
    inputs = {"image": image.model_copy(update={"axes": ("batch", height, width, 3)})}
    encode = manifest.signatures.encode.model_copy(update={"inputs": inputs})
    signatures = manifest.signatures.model_copy(update={"encode": encode})
    changes = {"signatures": signatures, "image": ImageProcessing(grid=grid)}
    return manifest.model_copy(update=changes)


@pytest.mark.parametrize(
    ("manifest", "places", "grid"),
    [
        (MODEL.artifact.manifest, 4, (2, 2)),
        (sized(224, 224), 49, (7, 7)),
        (sized(224, 320), 70, (7, 10)),
        (sized(320, 224), 70, (10, 7)),
        (sized(224, 224, (4, 16)), 64, (4, 16)),
        (sized(224, 224), 50, (1, 50)),
        (sized(224, 224, (7, 7)), 64, (1, 64)),
        (sized(224, 224), 1, (1, 1)),
    ],
)
def test_the_grid_is_the_manifests_or_has_the_images_proportions(
    manifest: Manifest, places: int, grid: tuple[int, int]
) -> None:
    assert grid_of(manifest, places) == grid
