"""Write what a model makes of its own training pairs as a table to train on (docs/training.md)."""

from __future__ import annotations

import argparse
from pathlib import Path

from app.artifacts.store import open_artifact
from scripts.training.commandline import plain_errors
from scripts.training.config import load_recipe
from scripts.training.data import split_pairs
from scripts.training.distillation import distil
from scripts.training.pairs import write_table


@plain_errors()
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
    source, target = recipe.data.source_language, recipe.data.target_language
    pairs = split_pairs(recipe, args.data, "train")
    pairs = [pair for pair in pairs if pair.language in (None, target)]
    found = distil(open_artifact(args.artifact), pairs, args.candidates, target)
    header = "split", source, target
    write_table(args.out, header, (("train", p.source, p.target) for p in found))


if __name__ == "__main__":
    main()
