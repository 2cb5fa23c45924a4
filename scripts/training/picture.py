"""Curves as pictures: the losses of one model for its card, those of several, BLEU by length."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from matplotlib import colormaps
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import LogFormatter

from scripts.training.lengths import Score

FEWEST = 20  # sources of one length
COLOURS = [*colormaps["tab10"].colors, *colormaps["Dark2"].colors]  # type: ignore[attr-defined]


def draw_loss_curve(
    history: Sequence[dict[str, float]],
    path: Path,
    title: str,
    *,
    unit: str = "nats a label",
    logarithmic: bool = False,
) -> None:
    """Write a PNG of training and validation loss over steps."""
    figure = Figure(figsize=(6.4, 3.6), dpi=100, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    steps = [row["step"] for row in history]
    axes.plot(steps, [row["train"] for row in history], label="train (with dropout)")
    axes.plot(steps, [row["validation"] for row in history], label="validation (averaged weights)")
    axes.set_xlabel("step")
    axes.set_ylabel(f"loss, {unit}")
    if logarithmic:
        axes.set_yscale("log")
    axes.set_title(title)
    axes.grid(alpha=0.3)
    axes.legend()
    figure.savefig(path, metadata={"Software": None})


def draw_comparison(
    histories: Mapping[str, Sequence[dict[str, float]]], path: Path, title: str
) -> None:
    """Write a PNG of the validation losses, in nats a label, of models by their names."""
    figure = Figure(figsize=(6.4, 4.2), dpi=100, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    axes.set_prop_cycle(color=COLOURS)
    for name, history in histories.items():
        losses = [row["validation"] for row in history]
        axes.plot([row["step"] for row in history], losses, label=name)
    axes.set_xlabel("step")
    axes.set_ylabel("validation loss, nats a label")
    axes.set_yscale("log")
    plain = LogFormatter(minor_thresholds=(1, 0.5))  # 3, not 3 x 10^0; within a decade all of them
    axes.yaxis.set_major_formatter(plain)
    axes.yaxis.set_minor_formatter(plain)
    axes.set_title(title)
    axes.grid(alpha=0.3)
    figure.legend(loc="outside lower center", ncols=2, fontsize=8)
    figure.savefig(path, metadata={"Software": None})


def draw_lengths(
    curves: Mapping[str, Sequence[Score]], path: Path, title: str, dashed: Collection[str] = ()
) -> None:
    """Write a PNG of BLEU by the source's length, a curve for each name; `dashed` sets some apart.

    Bins of fewer than `FEWEST` sources are left out: their BLEU says little.
    """
    figure = Figure(figsize=(6.4, 4.6), dpi=100, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    told = {name: [s for s in scores if s.count >= FEWEST] for name, scores in curves.items()}
    bins = sorted({s.bin for scores in told.values() for s in scores}, key=_low)
    axes.set_xticks(range(len(bins)), bins)
    axes.set_prop_cycle(color=COLOURS)
    for name, scores in told.items():
        places, style = [bins.index(s.bin) for s in scores], "o--" if name in dashed else "o-"
        axes.plot(places, [s.bleu for s in scores], style, label=name, markersize=3)
    axes.set_xlabel("words in the source")
    axes.set_ylabel("BLEU")
    axes.set_ylim(bottom=0)
    axes.set_title(title)
    axes.grid(alpha=0.3)
    figure.legend(loc="outside lower center", ncols=4, fontsize=8)
    figure.savefig(path, metadata={"Software": None})


def _low(label: str) -> int:
    """Return the least number of words of a bin: 9 of `9-11`, 15 of `15+`."""
    return int(label.rstrip("+").split("-")[0])
