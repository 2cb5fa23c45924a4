"""From a finished run with series to a verified artifact with its card, figures and pictures."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from app.artifacts.manifest import Licence, Limits, Manifest, ValueDecoding
from app.artifacts.store import Artifact
from scripts.training.checkpoint import load_weights, read_arrays
from scripts.training.export import training_of
from scripts.training.model.series import SeriesModel
from scripts.training.picture import draw_loss_curve
from scripts.training.publish import Findings, publish
from scripts.training.run import Run
from scripts.training.savedmodel import save_series
from scripts.training.series.config import SeriesRecipe
from scripts.training.series.curves import windows
from scripts.training.series.evaluate import (
    TOLERANCE,
    golden_points,
    golden_series,
    measure_series,
    predict,
)
from scripts.training.series.picture import draw_predictions

CURVE, PREDICTIONS = "curve.png", "predictions.png"


def _build(run: Run[SeriesRecipe], folder: Path) -> Manifest:
    """Write the SavedModels into `folder`; return a manifest that has no figures yet.

    The weights stay as they are: they take 0.2 MB, and a series feeds every rounding back.
    """
    recipe = run.recipe
    about = recipe.data
    model = SeriesModel(recipe.model.cell, recipe.model.units, about.window)
    load_weights(model, read_arrays(run.folder / "weights.npz"))
    return Manifest(
        name=recipe.name,
        version=recipe.version,
        task="generate",
        summary=recipe.summary,
        source_kind="series",
        target_kind="series",
        architecture={
            "model": recipe.model.model_dump(mode="json"),
            "data": about.model_dump(mode="json"),
        },
        parameters=int(model.count_params()),
        signatures=save_series(model, folder),
        decoding=ValueDecoding(start=(0.0,), steps=about.window),
        limits=Limits(min_source=about.window, max_source=about.window, max_target=about.window),
        licences=(
            Licence(
                dataset=f"{about.source} and {about.target}, from their formulas",
                licence="CC0-1.0",
                commercial_use=True,
            ),
        ),
        commercial_use=True,
        training=training_of(run),
    )


def _check_golden(artifact: Artifact) -> None:
    golden = artifact.manifest.golden
    inputs = np.array([example.input for example in golden], np.float32)[..., None]
    outputs = np.array([example.output for example in golden], np.float32)
    if np.abs(predict(artifact, inputs)[:, :, 0] - outputs).max() > TOLERANCE:
        raise AssertionError("the reloaded artifact decodes differently: this is a bug")


def export_series(run: Run[SeriesRecipe], out: Path, replace: bool = False) -> Artifact:
    """Write `out/<name>/<version>/` from `run`, measured between the windows of training.

    Raises:
        ArtifactError: the version exists already and `replace` is false.
    """
    recipe = run.recipe
    x = golden_points(recipe)
    sources = windows(recipe.data.source, x)

    def study(draft: Artifact) -> Findings:
        outputs = predict(draft, sources)

        def draw(folder: Path) -> list[str]:
            draw_loss_curve(
                run.history, folder / CURVE, recipe.name, unit="squared error", logarithmic=True
            )
            draw_predictions(recipe.data, x, outputs[:, :, 0], folder / PREDICTIONS)
            return [f"![input, output and truth of {len(x)} windows]({PREDICTIONS})", ""]

        return Findings(measure_series(draft, recipe), golden_series(sources, outputs), draw)

    return publish(
        run, lambda folder: _build(run, folder), study, _check_golden, out, replace=replace
    )
