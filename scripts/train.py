"""Train a model from raw data to a verified artifact."""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path

os.environ.setdefault("KERAS_BACKEND", "jax")

import keras
import numpy as np

from app.text.tokenizer import Tokenizer
from scripts.training.config import load_recipe
from scripts.training.data import TrainingData, make_tokenizer, split_pairs
from scripts.training.fit import Fit
from scripts.training.model.seq2seq import Seq2Seq
from tokenizers import Tokenizer as Backend


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--recipe", type=Path, required=True)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--run", type=Path, required=True)
    parser.add_argument("--resume", action="store_true")
    parser.add_argument("--epochs", type=int)
    args = parser.parse_args()
    recipe = load_recipe(args.recipe)
    if args.epochs:
        recipe = recipe.model_copy(update={"fit": recipe.fit.model_copy(update={"epochs": args.epochs})})
    args.run.mkdir(parents=True, exist_ok=True)
    keras.utils.set_random_seed(recipe.fit.seed)
    train = split_pairs(recipe, args.data, "train")
    validation = split_pairs(recipe, args.data, "val")
    path = args.run / "tokenizer.json"
    if not path.exists():
        make_tokenizer(recipe, train).save(str(path))
    backend = Backend.from_file(str(path))
    data = TrainingData(recipe, backend, train, validation)
    model = Seq2Seq(recipe, Tokenizer(backend).vocabulary_size)
    steps = data.steps_per_epoch
    print(f"{model.count_params():,} parameters, {len(train):,} pairs, {steps} batches an epoch, {len(data.shapes)} shapes {sorted(data.shapes)}", flush=True)
    fit = Fit(model, recipe.fit, args.run, data.epoch_batches, data.validation_batches(), steps)
    if args.resume:
        fit.resume()
    best = fit.run()
    np.savez(args.run / "weights.npz", *best)
    (args.run / "history.json").write_text(json.dumps(fit.progress.history, indent=1))


if __name__ == "__main__":
    main()
