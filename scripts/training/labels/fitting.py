"""Fit one classifier of the table and say how often it is wrong."""

from __future__ import annotations

import shutil
from pathlib import Path

import keras
from tokenizers import Tokenizer as Backend

from scripts.training.checkpoint import load_weights
from scripts.training.fit import Fit
from scripts.training.initial import ReaderWeights
from scripts.training.labels.data import LabelledTexts
from scripts.training.labels.evaluate import error_of
from scripts.training.labels.results import Result, read_result, write_result
from scripts.training.labels.rows import Row, Wanted
from scripts.training.model.reader import Classifier


def fit_row(
    row: Row, recipes: Path, data: Path, out: Path, backend: Backend, initial: ReaderWeights | None
) -> None:
    """Do every fit of `row` that has no result in `out`/results yet."""
    for wanted in row.fits(recipes):
        if read_result(out / "results", wanted) is None:
            result = fit_once(wanted, data, out / "fits" / wanted.name, backend, initial)
            write_result(out / "results", wanted.name, result)
            print(f"{wanted.name}: {result.error:.2f} % wrong, {result.seconds:.0f} s", flush=True)


def fit_once(
    wanted: Wanted, data: Path, folder: Path, backend: Backend, initial: ReaderWeights | None
) -> Result:
    """Fit in `folder`, which is gone afterwards; an interrupted fit goes on from there.

    What another recipe left there is thrown away.
    """
    recipe = wanted.recipe
    _claim(folder, wanted)
    keras.utils.set_random_seed(recipe.fit.seed)
    model = Classifier(recipe, backend.get_vocab_size())
    if initial:
        initial.assign(model)
    texts = LabelledTexts(recipe, backend, data)
    chooses = texts.validation_batches()
    fit = Fit(
        model,
        recipe.fit,
        folder,
        texts.epoch_batches,
        chooses,
        texts.steps_per_epoch,
    )
    if (folder / "checkpoint.npz").exists():
        fit.resume()
    load_weights(model, fit.run())
    result = Result(
        error=error_of(model, texts.batches("test")),
        validation=error_of(model, chooses),
        steps=fit.progress.step,
        seconds=fit.progress.seconds,
        recipe=recipe,
        reader=wanted.reader,
    )
    shutil.rmtree(folder)
    return result


def _claim(folder: Path, wanted: Wanted) -> None:
    """Write down in `folder` whose it is, and empty it first if it was another's."""
    owner, text = folder / "wanted.txt", repr(wanted)
    if not owner.exists() or owner.read_text(encoding="utf-8") != text:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        owner.write_text(text, encoding="utf-8")
