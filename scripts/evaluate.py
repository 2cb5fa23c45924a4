"""Score an artifact on a recipe's evaluation sets, decoding with the engine that serves."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from app.artifacts.store import Artifact, open_artifact
from scripts.training.card import markdown_table
from scripts.training.commandline import plain_errors
from scripts.training.config import Recipe
from scripts.training.evaluate import draw_golden, first_items, measure, measure_lengths, on_split
from scripts.training.labels.config import LabelRecipe
from scripts.training.labels.evaluate import measure_labels
from scripts.training.picture import draw_lengths
from scripts.training.recipes import AnyRecipe, load_any
from scripts.training.series.config import SeriesRecipe
from scripts.training.series.evaluate import measure_series


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("artifact", type=Path, help="models/NAME/VERSION")
    parser.add_argument("--recipe", type=Path, required=True, help="names the evaluation sets")
    parser.add_argument(
        "--data", type=Path, default=Path("data"), help="folder with the evaluation sets"
    )
    parser.add_argument(
        "--split", metavar="NAME", help="of every set, instead of the recipe's (test, if left out)"
    )
    parser.add_argument("--json", type=Path, help="write the figures here too")
    parser.add_argument(
        "--show", type=int, metavar="N", help="print the first N items of each set and no figures"
    )
    parser.add_argument(
        "--pictures",
        type=Path,
        metavar="FOLDER",
        help="print BLEU by length and no other figures; draw it, and where the model looks, here",
    )
    parser.add_argument(
        "--precision", choices=("float32", "int8"), default="float32", help="of the products"
    )
    return parser.parse_args()


def _recipe(args: argparse.Namespace) -> AnyRecipe:
    recipe = load_any(args.recipe)
    if args.split is None or isinstance(recipe, LabelRecipe):
        return recipe
    if isinstance(recipe, SeriesRecipe) or recipe.data.puzzle:
        sys.exit("what is made by a rule is measured on what was held out: leave --split out")
    return on_split(recipe, args.split)


def _show(artifact: Artifact, recipe: Recipe, data: Path, count: int) -> None:
    for name, items in first_items(artifact, recipe, data, count).items():
        rows = [[item.source, item.references[0], output] for item, output in items]
        lines = markdown_table(["source", "first reference", "output, beam 4"], rows)
        print("\n".join([f"### {name}", "", *lines, ""]))


def _draw(artifact: Artifact, recipe: Recipe, data: Path, folder: Path) -> None:
    if recipe.task != "translate":
        sys.exit("BLEU by length is of models that translate: leave --pictures out")
    scores = measure_lengths(artifact, recipe, data)
    rows = [
        [name, score.bin, str(score.count), f"{score.bleu:.1f}"]
        for name, found in scores.items()
        for score in found
    ]
    print("\n".join(markdown_table(["set", "words", "sentences", "BLEU, beam 4"], rows)))
    title = f"{recipe.name}: BLEU by the source's length"
    folder.mkdir(parents=True, exist_ok=True)
    draw_lengths(scores, folder / f"{recipe.name}-lengths.png", title)
    draw_golden(artifact, recipe, folder / f"{recipe.name}-attention.png")


@plain_errors()
def main() -> None:
    """Run the command line."""
    args = _arguments()
    artifact, recipe = open_artifact(args.artifact), _recipe(args)
    if args.show and isinstance(recipe, Recipe):
        _show(artifact, recipe, args.data, args.show)
        return
    if args.pictures and isinstance(recipe, Recipe):
        _draw(artifact, recipe, args.data, args.pictures)
        return
    if isinstance(recipe, SeriesRecipe):
        metrics = measure_series(artifact, recipe)
    elif isinstance(recipe, LabelRecipe):
        metrics = measure_labels(artifact, recipe, args.data, args.split or "test")
    else:
        metrics = measure(artifact, recipe, args.data, int8=args.precision == "int8")
    for metric in metrics:
        about = f"{metric.dataset:16} {metric.target:2} {metric.split:10} {metric.decoding:8}"
        value = f"{metric.value:6.{4 if metric.value < 0.1 else 2}f}"
        print(f"{about} {metric.name:12} {value}  {metric.signature}")
    if args.json:
        figures = [metric.model_dump(mode="json") for metric in metrics]
        args.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
