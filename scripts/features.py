"""Compute what the fixed stages of a run's image encoder make of its pictures, for train.py."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

os.environ["KERAS_BACKEND"] = "tensorflow"

from scripts.training.features import FeatureStore, load_backbone
from scripts.training.model.images import ImageEncoder
from scripts.training.run import load_run


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--run", type=Path, required=True, help="folder that train.py has begun")
    parser.add_argument("--data", type=Path, required=True, help="folder of the raw tables")
    args = parser.parse_args()
    recipe = load_run(args.run).recipe
    encoder = ImageEncoder(recipe.encoder, 0.0)
    load_backbone(encoder, args.run)
    FeatureStore(recipe, args.data, args.run, encoder).compute()


if __name__ == "__main__":
    main()
