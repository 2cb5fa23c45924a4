"""Where in an image a model looked for each word of its caption."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from app.artifacts.manifest import Manifest
from app.engine.request import Hypothesis
from app.tasks.loaded import LoadedModel
from app.tasks.pieces import Piece, merge_weights, spell_words


@dataclass(frozen=True)
class Gaze:
    """How much each word looked at each cell of a grid over the image.

    `weights[word][row][column]` add up to 1 for each word.
    """

    rows: int
    columns: int
    words: tuple[str, ...]
    weights: tuple[tuple[tuple[float, ...], ...], ...]


def gaze(hypothesis: Hypothesis, model: LoadedModel) -> Gaze | None:
    """Return where `hypothesis` looked; None where that was not asked for."""
    if hypothesis.attention is None:
        return None
    manifest = model.artifact.manifest
    places = hypothesis.attention.shape[1]
    rows, columns = grid_of(manifest, places)
    words = spell_words(model.target.pieces(hypothesis.tokens), manifest)
    weights = merge_weights(hypothesis.attention, words, [Piece("", 1)] * places)
    totals = weights.sum(axis=1, keepdims=True)
    weights = np.divide(weights, totals, out=np.zeros_like(weights), where=totals > 0)
    grids = weights.reshape(len(words), rows, columns).tolist()
    return Gaze(
        rows,
        columns,
        tuple(word.text.strip() for word in words),
        tuple(tuple(tuple(round(cell, 4) for cell in row) for row in grid) for grid in grids),
    )


def grid_of(manifest: Manifest, places: int) -> tuple[int, int]:
    """Return rows and columns of the `places` that a model of images attends to.

    As the manifest says, else in the proportions of the image: 49 places of 224 x 224 pixels are
    7 x 7. Places that make no such grid are one row.
    """
    if manifest.image is not None and manifest.image.grid is not None:
        rows, columns = manifest.image.grid
    else:
        height, width = manifest.image_size
        rows = max(1, round(math.sqrt(places * height / width)))
        columns = places // rows
    return (rows, columns) if rows * columns == places else (1, places)
