"""Where a model looked while it wrote, as a picture for its card."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from app.tasks.alignment import Alignment

CELL, LETTER = 0.19, 0.08  # inches


def draw_attention(alignments: Sequence[Alignment], path: Path) -> None:
    """Write a PNG with a heat map for each output: its tokens on the left, the source's below.

    White is no attention, the darkest blue all of it.
    """
    rows = [len(one.target_tokens) for one in alignments]
    widest = max(len(one.source_tokens) for one in alignments)
    longest = max(len(token) for one in alignments for token in one.source_tokens)
    upright = longest > 2  # labels that would run into each other stand
    below = 0.6 + (LETTER * longest if upright else 0.0)
    size = (max(4.0, CELL * widest + 1.0), CELL * sum(rows) + below * len(rows))
    figure = Figure(figsize=size, dpi=100, layout="constrained")
    FigureCanvasAgg(figure)
    panels = figure.subplots(len(rows), 1, squeeze=False, height_ratios=rows).ravel()
    for axes, one in zip(panels, alignments, strict=True):
        axes.imshow(one.weights, cmap="Blues", vmin=0.0, vmax=1.0)
        axes.set_xticks(range(len(one.source_tokens)), _readable(one.source_tokens))
        axes.tick_params(axis="x", labelrotation=90 if upright else 0)
        axes.set_yticks(range(len(one.target_tokens)), _readable(one.target_tokens))
        axes.tick_params(length=0, labelsize=8)
    figure.savefig(path, metadata={"Software": None})


def _readable(tokens: Sequence[str]) -> list[str]:
    """Return tokens as labels: without the space before a word, one that is a space shown."""
    return [one.strip() or "␣" for one in tokens]
