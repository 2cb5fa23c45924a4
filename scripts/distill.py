"""Write what a model makes of its own training pairs as a table to train on (docs/training.md)."""

from __future__ import annotations

import argparse
import csv
from pathlib import Path

from app.artifacts.store import open_artifact
from scripts.training.config import load_recipe
from scripts.training.data import split_pairs
from scripts.training.distillation import distil


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("artifact", type=Path, help="the teacher: models/NAME/VERSION")
    parser.add_argument("--recipe", type=Path, required=True, help="names the training corpora")
    parser.add_argument("--data", type=Path, required=True, help="folder of the raw tables")
    parser.add_argument("--out", type=Path, required=True, help="the table to write")
    parser.add_argument("--candidates", type=int, default=4, help="of the teacher, for each source")
    args = parser.parse_args()
    recipe = load_recipe(args.recipe)
    pairs = split_pairs(recipe, args.data, "train")
    args.out.parent.mkdir(parents=True, exist_ok=True)
    partial = args.out.with_suffix(".partial")
    with partial.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, delimiter="\t", quoting=csv.QUOTE_NONE, lineterminator="\n")
        table.writerow(["split", recipe.data.source_language, recipe.data.target_language])
        for pair in distil(open_artifact(args.artifact), pairs, args.candidates):
            table.writerow(["train", pair.source, pair.target])
    partial.replace(args.out)


if __name__ == "__main__":
    main()
