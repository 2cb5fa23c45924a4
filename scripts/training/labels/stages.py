"""The two stages: reading texts alone, and learning labels from where that ended."""

from __future__ import annotations

from pathlib import Path

from tokenizers import Tokenizer as Backend

from app.text.tokenizer import Tokenizer
from scripts.training.initial import Initial, ReaderWeights
from scripts.training.labels.config import LabelRecipe
from scripts.training.labels.corpus import read_texts
from scripts.training.labels.data import LabelledTexts, RunningText
from scripts.training.model.reader import Classifier, Writer
from scripts.training.tokenizer import train_vocabulary

Data = RunningText | LabelledTexts


def make_vocabulary(recipe: LabelRecipe, folder: Path) -> Backend:
    """Train the vocabulary on all texts of `data.texts`: on none that is tested."""
    return train_vocabulary(recipe.tokenizer, read_texts(recipe, folder, learnt=False))


def begin(
    recipe: LabelRecipe,
    folder: Path,
    backend: Backend,
    initial: Initial | ReaderWeights | None = None,
) -> tuple[Writer | Classifier, Data]:
    """Return the model of `recipe`, begun from `initial`, and what it learns from in `folder`."""
    kind = Writer if recipe.task == "pretrain" else Classifier
    model = kind(recipe, Tokenizer(backend).vocabulary_size)
    if initial:
        initial.assign(model)
    data = RunningText if recipe.task == "pretrain" else LabelledTexts
    return model, data(recipe, backend, folder)
