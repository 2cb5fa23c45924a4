"""Train a model from raw data to a verified artifact, with one command.

    python scripts/train.py --recipe scripts/recipes/translate-en-fr.toml --data data --out models

The run folder keeps checkpoints, logs and weights; `--resume` goes on from its checkpoint.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from scripts.training.commandline import plain_errors
from scripts.training.memory import use_large_pages

if __name__ == "__main__":
    use_large_pages()  # before what takes seconds to import
os.environ.setdefault("KERAS_BACKEND", "jax")

import keras
import numpy as np
from tokenizers import Tokenizer as Backend

from app.text.tokenizer import Tokenizer
from scripts.fetch_data import how_to_get
from scripts.training.apart import export_apart
from scripts.training.captiondata import CaptionData, make_vocabulary
from scripts.training.captions import split_pictures
from scripts.training.captionscores import require_java
from scripts.training.config import Recipe
from scripts.training.data import TrainingData, make_tokenizer, split_pairs
from scripts.training.features import keep_features
from scripts.training.fit import Fit
from scripts.training.initial import Initial, ReaderWeights, load_initial, mix_weights
from scripts.training.labels.config import PRETRAIN, LabelRecipe
from scripts.training.labels.data import LabelledTexts, RunningText
from scripts.training.labels.stages import begin as begin_labels
from scripts.training.labels.stages import make_vocabulary as make_label_vocabulary
from scripts.training.model.family import make_model
from scripts.training.model.reader import Classifier, Writer
from scripts.training.model.seq2seq import Seq2Seq
from scripts.training.model.series import SeriesModel
from scripts.training.objective import Likelihood, Objective
from scripts.training.recipes import AnyRecipe, load_any
from scripts.training.run import write_facts
from scripts.training.scheduled import ScheduledSampling
from scripts.training.selfcritical import SelfCritical
from scripts.training.series.config import SeriesRecipe
from scripts.training.series.data import SeriesData

AnyInitial = Initial | ReaderWeights
AnyData = TrainingData | CaptionData | SeriesData | RunningText | LabelledTexts


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--recipe", type=Path, required=True, help="a TOML file of scripts/recipes")
    parser.add_argument(
        "--data",
        type=Path,
        default=os.environ.get("DRAGOMAN_DATA", "data"),
        help="folder of the raw tables (default: $DRAGOMAN_DATA or data)",
    )
    parser.add_argument("--out", type=Path, default=Path("models"), help="where artifacts live")
    parser.add_argument("--run", type=Path, help="run folder (default: runs/NAME)")
    parser.add_argument("--epochs", type=int, help="instead of the recipe's fit.epochs")
    parser.add_argument("--seed", type=int, help="instead of the recipe's fit.seed")
    parser.add_argument(
        "--init", type=Path, help="start from models/NAME/VERSION, or from a run's weights.npz"
    )
    parser.add_argument(
        "--vocabulary", type=Path, help="the tokenizer.json of a run, instead of a new one"
    )
    parser.add_argument("--resume", action="store_true", help="go on from the run's checkpoint")
    parser.add_argument(
        "--no-export", action="store_true", help="stop once the weights are written"
    )
    parser.add_argument("--replace", action="store_true", help="replace an existing version")
    return parser.parse_args()


def _recipe(args: argparse.Namespace) -> AnyRecipe:
    recipe = load_any(args.recipe)
    given = {"epochs": args.epochs, "seed": args.seed}
    update = {name: value for name, value in given.items() if value is not None}
    return recipe.model_copy(update={"fit": recipe.fit.model_copy(update=update)})


def _vocabulary(
    args: argparse.Namespace, run: Path, initial: AnyInitial | None, make: Callable[[], Backend]
) -> Backend:
    path = run / "tokenizer.json"
    given = args.vocabulary or (initial and initial.tokenizer)
    if given and not args.resume:
        shutil.copyfile(given, path)
    elif not args.resume:
        make().save(str(path))
    return Backend.from_file(str(path))


def _text(
    recipe: Recipe, args: argparse.Namespace, run: Path, initial: AnyInitial | None
) -> tuple[Seq2Seq, TrainingData | CaptionData]:
    train = split_pairs(recipe, args.data, "train")
    validation = split_pairs(recipe, args.data, "val")
    backend = _vocabulary(args, run, initial, lambda: make_tokenizer(recipe, train))
    data = TrainingData(recipe, backend, train, validation)
    model = make_model(recipe, Tokenizer(backend).vocabulary_size)
    if initial:
        initial.assign(model)
    return model, data


def _captions(
    recipe: Recipe, args: argparse.Namespace, run: Path, initial: AnyInitial | None
) -> tuple[Seq2Seq, TrainingData | CaptionData]:
    train = split_pictures(recipe, args.data, "train")
    validation = split_pictures(recipe, args.data, "val")
    backend = _vocabulary(args, run, initial, lambda: make_vocabulary(recipe, train))
    model = make_model(recipe, Tokenizer(backend).vocabulary_size)
    if initial:
        initial.assign(model)
    else:
        weights = recipe.encoder.weights
        model.encoder.load(args.data / weights if weights else None)
    kept = keep_features(recipe, args.data, run, model.encoder)
    features = kept.open("train"), kept.open("val")
    return model, CaptionData(recipe, backend, train, validation, *features)


def _objective(recipe: AnyRecipe, model: Any, data: AnyData) -> Objective:
    if not isinstance(recipe, Recipe):
        return Likelihood(model)
    if isinstance(data, CaptionData) and recipe.fit.objective == "cider":
        return SelfCritical(model, data)
    if recipe.fit.scheduled_sampling:
        steps = data.steps_per_epoch * recipe.fit.epochs
        return ScheduledSampling(model, recipe.fit.scheduled_sampling, steps, recipe.fit.seed)
    return Likelihood(model)


def _series(recipe: SeriesRecipe) -> tuple[SeriesModel, SeriesData]:
    about = recipe.model
    return SeriesModel(about.cell, about.units, recipe.data.window), SeriesData(recipe)


def _labels(
    recipe: LabelRecipe, args: argparse.Namespace, run: Path, initial: AnyInitial | None
) -> tuple[Writer | Classifier, RunningText | LabelledTexts]:
    backend = _vocabulary(args, run, initial, lambda: make_label_vocabulary(recipe, args.data))
    return begin_labels(recipe, args.data, backend, initial)


def _fit(
    recipe: AnyRecipe, args: argparse.Namespace, run: Path, initial: AnyInitial | None
) -> None:
    keras.utils.set_random_seed(recipe.fit.seed)
    model: Seq2Seq | SeriesModel | Writer | Classifier
    data: AnyData
    if isinstance(recipe, SeriesRecipe):
        model, data = _series(recipe)
    elif isinstance(recipe, LabelRecipe):
        model, data = _labels(recipe, args, run, initial)
    else:
        begin = _captions if recipe.task == "caption" else _text
        model, data = begin(recipe, args, run, initial)
    print(
        f"{model.count_params():,} parameters, {len(data.train):,} items, "
        f"{data.steps_per_epoch:,} batches of {len(data.shapes)} shapes an epoch"
    )
    fit = Fit(
        model,
        recipe.fit,
        run,
        data.epoch_batches,
        data.validation_batches(),
        data.steps_per_epoch,
        slow=model.slow_variables,
        objective=_objective(recipe, model, data),
    )
    if args.resume:
        fit.resume()
    found = fit.run()
    if isinstance(initial, Initial):
        found = mix_weights(initial.weights, found, recipe.fit.initial_share)
    if isinstance(model, Writer | Classifier):
        found = found[: model.kept]
    np.savez(run / "weights.npz", *found)
    (run / "history.json").write_text(json.dumps(fit.progress.history, indent=1), encoding="utf-8")


def _check(args: argparse.Namespace, recipe: AnyRecipe, run: Path) -> None:
    """Say now what would otherwise come out after hours."""
    begun = (run / "checkpoint.npz").exists()
    if begun and not args.resume:
        sys.exit(f"{run} holds a checkpoint: add --resume to go on from it, or name another --run")
    if args.resume and not begun:
        sys.exit(f"{run} holds no checkpoint to go on from: leave --resume out, or name its --run")
    if isinstance(recipe, Recipe) and recipe.fit.objective == "cider" and not (begun or args.init):
        sys.exit("fit.objective `cider` goes on from a fitted model: name it with --init")
    place = args.out / recipe.name / str(recipe.version)
    if place.exists() and not (args.replace or args.no_export):
        sys.exit(f"{place} is there already: add --replace, or raise `version` in the recipe")
    if args.vocabulary and args.init:
        sys.exit("--init brings its own vocabulary: leave --vocabulary out")
    if recipe.fit.initial_share and not args.init:
        sys.exit("fit.initial_share mixes the weights of --init into the result: name it")
    if not isinstance(recipe, SeriesRecipe):
        _check_data(args, recipe)
    elif args.init:
        sys.exit("a series begins from nothing: leave --init out")


def _tables(recipe: Recipe | LabelRecipe) -> set[str]:
    """Return the files under the data folder that `recipe` learns from."""
    if isinstance(recipe, Recipe):
        return {corpus.path for corpus in recipe.data.corpora}
    labelled = recipe.data.labelled
    return {table.path for table in recipe.data.texts} | ({labelled.path} if labelled else set())


def _check_data(args: argparse.Namespace, recipe: Recipe | LabelRecipe) -> None:
    for path in _tables(recipe):
        if not (args.data / path).exists():
            sys.exit(f"{args.data / path} is missing; {how_to_get(path)}")
    if isinstance(recipe, LabelRecipe):
        return
    if "captions" in recipe.evaluate.metrics and not args.no_export:
        require_java()
    for path in {about.path for about in recipe.evaluate.sets}:
        if not (args.data / path).exists():
            print(f"{args.data / path} is missing: its figures will be left out", flush=True)


@plain_errors()
def main() -> int:
    """Run the command line."""
    args = _arguments()
    recipe = _recipe(args)
    run: Path = args.run or Path("runs", recipe.name)
    _check(args, recipe, run)
    run.mkdir(parents=True, exist_ok=True)
    initial = load_initial(args.init) if args.init else None
    before = initial.commands if initial else ()
    write_facts(run, recipe, _public_command(args, recipe), args.resume, before)
    _fit(recipe, args, run, initial)
    if args.no_export or recipe.task == PRETRAIN:
        return 0
    # TensorFlow writes the artifact in a process of its own.
    return export_apart(run, args.data, args.out, *(["--replace"] if args.replace else []))


def _public_command(args: argparse.Namespace, recipe: AnyRecipe) -> str:
    """The command as a reader can repeat it: no path of this machine."""
    command = ["python", "scripts/train.py", "--recipe", f"scripts/recipes/{args.recipe.name}"]
    reads = not isinstance(recipe, SeriesRecipe) and _tables(recipe)
    command += ["--data", "data"] if reads else []
    command += ["--out", "models"]
    if args.epochs:
        command += ["--epochs", str(args.epochs)]
    if args.seed is not None:
        command += ["--seed", str(args.seed)]
    if args.init:
        command += ["--init", "/".join(args.init.parts[-3:])]
    if args.vocabulary:
        command += ["--vocabulary", "/".join(args.vocabulary.parts[-3:])]
    return shlex.join(command)


if __name__ == "__main__":
    sys.exit(main())
