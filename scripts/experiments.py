"""Train every small recipe from nothing to its artifact, and print what each of them reached.

    python scripts/experiments.py --data data --out runs/experiments

Small recipes are those of series and of puzzles. The last thing written is a picture of the four
ways to condition a decoder, `conditionings.png`.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import time
from pathlib import Path

from app.artifacts.manifest import Manifest
from app.artifacts.store import open_artifact
from scripts.training.apart import processor_seconds, train_apart
from scripts.training.card import markdown_table
from scripts.training.commandline import plain_errors
from scripts.training.experiments import compare_conditionings, figures, small_recipes
from scripts.training.recipes import load_any

RECIPES = Path(__file__).resolve().parent / "recipes"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", help="recipes to train instead of all small ones")
    parser.add_argument(
        "--data",
        type=Path,
        default=os.environ.get("DRAGOMAN_DATA", "data"),
        help="folder with Tatoeba's sentences, for Pig Latin (default: $DRAGOMAN_DATA or data)",
    )
    parser.add_argument(
        "--out", type=Path, default=Path("runs/experiments"), help="where everything is written"
    )
    return parser.parse_args()


def _train(recipe: Path, data: Path, out: Path) -> Manifest | None:
    """Train one recipe as anyone would, with one command; return None if that fails."""
    name = load_any(recipe).name
    run = out / "runs" / name
    shutil.rmtree(run, ignore_errors=True)
    if train_apart(recipe, data, out / "models", run, "--replace"):
        return None
    return open_artifact(out / "models" / name / str(load_any(recipe).version)).manifest


@plain_errors()
def main() -> int:
    """Run the command line."""
    args = _arguments()
    paths = small_recipes(RECIPES)
    known = [path.stem for path in paths]
    unknown = sorted(set(args.names) - set(known))
    if unknown:
        sys.exit(f"no small recipe: {', '.join(unknown)}; there is: {', '.join(known)}")
    rows: list[list[str]] = []
    made: dict[str, Manifest] = {}
    for path in paths:
        if args.names and path.stem not in args.names:
            continue
        started, worked = time.monotonic(), processor_seconds()
        manifest = _train(path, args.data, args.out)
        seconds, work = time.monotonic() - started, processor_seconds() - worked
        if manifest:
            made[path.stem] = manifest
        reached = figures(manifest) if manifest else "failed"
        rows.append([path.stem, reached, f"{seconds:.0f}", f"{work:.0f}"])
    header = ["recipe", "measured", "seconds to train and export", "seconds of processor time"]
    print("\n".join(markdown_table(header, rows)))
    compare_conditionings(made, args.out / "conditionings.png")
    return 0 if len(made) == len(rows) else 1


if __name__ == "__main__":
    sys.exit(main())
