"""Input, output and truth of a model of series, as a picture for its card."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.typing import NDArray

from scripts.training.series.config import Curves
from scripts.training.series.curves import CURVES


def draw_predictions(
    curves: Curves, x: NDArray[np.float64], outputs: NDArray[Any], path: Path
) -> None:
    """Write a PNG with a panel for each window: what was read, what came out, what is true.

    Args:
        curves: the curves, drawn thin over their whole range.
        x: the points of the windows [n, window].
        outputs: what the model made of them [n, window].
        path: where to write.
    """
    figure = Figure(figsize=(9.6, 2.4 * -(-len(x) // 2)), dpi=100, layout="constrained")
    FigureCanvasAgg(figure)
    panels = figure.subplots(-(-len(x) // 2), 2, squeeze=False).ravel()
    whole = np.linspace(curves.low, curves.high, 400)
    for axes, places, output in zip(panels, x, outputs, strict=False):
        axes.plot(whole, CURVES[curves.source](whole), color="C0", alpha=0.25, linewidth=1)
        axes.plot(whole, CURVES[curves.target](whole), color="C2", alpha=0.35, linewidth=1)
        source, truth = CURVES[curves.source](places), CURVES[curves.target](places)
        axes.plot(places, source, color="C0", label=f"input: {curves.source}")
        axes.plot(
            places, truth, color="C2", linewidth=4, alpha=0.5, label=f"truth: {curves.target}"
        )
        axes.plot(places, output, "k.", markersize=4, label="output, free-running")
        axes.set_title(f"from x = {places[0]:.2f}", fontsize=9)
        axes.grid(alpha=0.3)
    panels[0].legend(fontsize=7)
    figure.savefig(path, metadata={"Software": None})
