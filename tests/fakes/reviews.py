"""Reviews that a person can judge, as tables and recipes in a folder, for the tests of labels."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

from scripts.training.labels.config import LabelRecipe
from scripts.training.labels.rows import load_labels
from scripts.training.pairs import write_table

GOOD, BAD = ("fine", "lovely", "great"), ("dull", "awful", "poor")
OTHER = ("a", "film", "the", "plot", "it", "was", "with", "of", "actors", "and")

PRETRAIN = """
name = "reviews-lm"
task = "pretrain"
summary = "Reads reviews; for tests"
limits = "Knows sixteen words."

[data]
language = "en"
last_tokens = 12
max_source = 64

[[data.texts]]
path = "unlabelled.tsv"
licence = "CC0-1.0"
commercial_use = true
attribution = "nobody"

[tokenizer]
kind = "plain"
vocabulary = 40
lowercase = true

[model]
embedding = 12
dropout = 0.0

[encoder]
units = 16

[pretrain]
window = 8
drawn = 8

[fit]
epochs = 1
batch_tokens = 64
learning_rate = 1e-2
warmup_steps = 2
average_decay = 0.9
validate_every = 1000
checkpoint_minutes = 60
"""
AUTOENCODER = """
base = "reviews-lm.toml"
name = "reviews-sa"
[pretrain]
objective = "sa"
"""
IMDB = """
base = "reviews-lm.toml"
name = "sentiment-imdb"
task = "classify"

[data.labelled]
path = "labelled.tsv"
names = { neg = "negative", pos = "positive" }
validated = 0.2
licence = "CC0-1.0"
commercial_use = true
attribution = "nobody"

[fit]
batch_tokens = 128

[evaluate]
golden = ["the film was lovely", "dull"]
"""
ROTTEN_TOMATOES = """
base = "sentiment-imdb.toml"
name = "sentiment-rotten-tomatoes"

[data.labelled]
path = "folded.tsv"
folds = 2
"""


def review(chosen: random.Random, words: tuple[str, ...]) -> str:
    """Return up to 16 words, one or two of them of `words`."""
    text = chosen.choices(OTHER, k=chosen.randint(1, 14))
    text += chosen.sample(words, chosen.randint(1, 2))
    return " ".join(chosen.sample(text, len(text)))


def write_reviews(folder: Path) -> Path:
    """Write three tables and four recipes into `folder`; return it."""
    chosen = random.Random(3)
    made = [
        (label, review(chosen, words))
        for _ in range(120)
        for label, words in (("pos", GOOD), ("neg", BAD))
    ]
    rows = [("test" if place % 4 < 2 else "train", *row) for place, row in enumerate(made)]
    write_table(folder / "labelled.tsv", ["split", "label", "text"], rows)
    write_table(folder / "folded.tsv", ["label", "text"], made[:80])
    free = [(review(chosen, chosen.choice((GOOD, BAD))),) for _ in range(300)]
    write_table(folder / "unlabelled.tsv", ["text"], free)
    for name, text in (
        ("reviews-lm", PRETRAIN),
        ("reviews-sa", AUTOENCODER),
        ("sentiment-imdb", IMDB),
        ("sentiment-rotten-tomatoes", ROTTEN_TOMATOES),
    ):
        (folder / f"{name}.toml").write_text(text, encoding="utf-8")
    return folder


def recipe_of(folder: Path, name: str, **parts: dict[str, Any]) -> LabelRecipe:
    """Return a recipe that `write_reviews` has written, with other keys in its sections."""
    recipe = load_labels(folder / f"{name}.toml")
    changes = {key: getattr(recipe, key).model_copy(update=part) for key, part in parts.items()}
    return recipe.model_copy(update=changes)
