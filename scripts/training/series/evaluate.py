"""Measure a model of series through its artifact, with the engine that serves."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from pydantic import JsonValue

from app.artifacts.manifest import Golden, Metric
from app.artifacts.store import Artifact
from scripts.training.decoding import Decoder
from scripts.training.series.config import SeriesRecipe
from scripts.training.series.curves import points, unseen_starts, windows

TOLERANCE = 1e-4  # by how much a number may differ from machine to machine
Floats = NDArray[np.float32]


def predict(artifact: Artifact, series: Floats) -> Floats:
    """Return what the model makes of `series` [n, source, 1], all at once: [n, steps, 1]."""
    with Decoder(artifact) as decoder:
        results = decoder.go_on([one[:, 0].tolist() for one in series])
    return np.array([result.values for result in results], np.float32)


def measure_series(artifact: Artifact, recipe: SeriesRecipe) -> tuple[Metric, ...]:
    """Return the mean and the largest absolute error of numbers over windows unseen in training."""
    about, asked = recipe.data, recipe.evaluate
    x = points(about, unseen_starts(about, asked.windows, recipe.fit.seed))
    found = predict(artifact, windows(about.source, x))
    errors = np.abs(found - windows(about.target, x))
    figures = {"mae": float(errors.mean()), "largest-error": float(errors.max())}
    between = f"{asked.windows} windows of {about.window} points, between those of training"
    return tuple(
        Metric(
            name=name,
            value=round(value, 6),
            dataset=f"{about.source} to {about.target}",
            split="test",
            signature=f"{between}, seed {recipe.fit.seed}",
            decoding="free-running",
        )
        for name, value in figures.items()
    )


def golden_points(recipe: SeriesRecipe) -> NDArray[np.float64]:
    """Return the x of the recipe's golden windows, which begin at points of the curve."""
    about = recipe.data
    starts = about.low + about.step * np.array(recipe.evaluate.golden, np.float64)
    return points(about, starts)


def golden_series(inputs: Floats, outputs: Floats) -> tuple[Golden, ...]:
    """Return each of the windows [n, source, 1] with what the model made of it [n, steps, 1]."""
    return tuple(
        Golden(input=_shortest(window), output=_shortest(output), tolerance=TOLERANCE)
        for window, output in zip(inputs, outputs, strict=True)
    )


def _shortest(series: Floats) -> list[JsonValue]:
    """Return the shortest decimals that are read as the same 32 bits."""
    return [float(str(number)) for number in series[:, 0]]
