"""Pictures with their captions, read from a table that has an `images` folder beside it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from app.text.normalizer import normalize
from scripts.training.config import Corpus, Recipe
from scripts.training.images import flippable
from scripts.training.pairs import read_table

IMAGES = "images"
_WORD = re.compile(r"[^\W_]+(?:['-][^\W_]+)*")


@dataclass(frozen=True)
class Picture:
    """One picture and its captions, each cleaned."""

    path: Path
    captions: tuple[str, ...]

    @property
    def flippable(self) -> bool:
        """Whether it may be flipped: its captions do not say which side is which."""
        return flippable(self.captions)


def clean(caption: str) -> str:
    """Return the words of a caption in lower case, without punctuation: what is scored of it.

    >>> clean("A man 's dog , wet , jumps in a T-shirt .")
    "a man's dog wet jumps in a t-shirt"
    """
    joined = normalize(caption).lower().replace(" 's ", "'s ")
    return " ".join(_WORD.findall(joined))


def read_pictures(folder: Path, corpus: Corpus, split: str) -> list[Picture]:
    """Return the pictures of `split` in file order, each with all its captions."""
    table = folder / corpus.path
    captions: dict[str, list[str]] = {}
    for row in read_table(table):
        if row.get("split", "test") == split:
            captions.setdefault(row[corpus.source], []).append(clean(row[corpus.target]))
    return [
        Picture(table.parent / IMAGES / name, tuple(filter(None, texts)))
        for name, texts in captions.items()
    ]


def split_pictures(recipe: Recipe, folder: Path, split: str) -> list[Picture]:
    """Return the pictures of `split` from the corpora that take part in it.

    Raises:
        ValueError: there are none.
        FileNotFoundError: a table is missing, or the first picture that it names.
    """
    pictures: list[Picture] = []
    for corpus in recipe.data.corpora:
        if corpus.train if split == "train" else corpus.validate_on:
            found = read_pictures(folder, corpus, split)
            pictures += found * (corpus.repeat if split == "train" else 1)
    if not pictures:
        raise ValueError(f"recipe {recipe.name} has no {split} pictures; check data.corpora")
    if not pictures[0].path.exists():
        raise FileNotFoundError(
            f"{pictures[0].path} is missing: the pictures lie in the folder `{IMAGES}` "
            "beside their table"
        )
    return pictures
