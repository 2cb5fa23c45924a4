"""Write a finished run as a verified artifact: SavedModels, figures, golden examples, card."""

from __future__ import annotations

import argparse
import os
from dataclasses import replace
from pathlib import Path

os.environ["KERAS_BACKEND"] = "tensorflow"

from scripts.training.commandline import plain_errors
from scripts.training.config import decoded_as, load_recipe
from scripts.training.export import export
from scripts.training.labels.config import CLASSIFY, LabelRecipe
from scripts.training.labels.export import export_labels
from scripts.training.run import load_run, read_run, task_of
from scripts.training.series.config import TASK, SeriesRecipe
from scripts.training.series.export import export_series


@plain_errors()
def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--run", type=Path, required=True, help="folder that train.py wrote")
    parser.add_argument("--data", type=Path, required=True, help="folder with the evaluation sets")
    parser.add_argument("--out", type=Path, default=Path("models"), help="where artifacts live")
    parser.add_argument(
        "--recipe", type=Path, help="take `generation` and `evaluate` from here, not from the run"
    )
    parser.add_argument("--replace", action="store_true", help="replace an existing version")
    args = parser.parse_args()
    task = task_of(args.run)
    if task == TASK:
        artifact = export_series(read_run(args.run, SeriesRecipe), args.out, args.replace)
    elif task == CLASSIFY:
        artifact = export_labels(read_run(args.run, LabelRecipe), args.data, args.out, args.replace)
    else:
        run = load_run(args.run)
        if args.recipe:
            run = replace(run, recipe=decoded_as(run.recipe, load_recipe(args.recipe)))
        artifact = export(run, args.data, args.out, args.replace)
    for metric in artifact.manifest.metrics:
        figure = f"{metric.value:6.4f}" if metric.value < 0.1 else f"{metric.value:6.2f}"
        about = f"{metric.dataset:16} {metric.target:2} {metric.decoding:12} {metric.name:12}"
        print(f"{about} {figure}")
    print(f"wrote {artifact.folder}")


if __name__ == "__main__":
    main()
