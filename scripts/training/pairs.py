"""Read pairs: normalised, in file order, by split; for summaries, without the degenerate ones."""

from __future__ import annotations

import csv
import gzip
import itertools
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from app.text.normalizer import normalize
from scripts.fetch_data import how_to_get
from scripts.training.config import Corpus
from scripts.training.facts import facts, stated
from scripts.training.units import share_within, units


@dataclass(frozen=True)
class Pair:
    """One source and one target, a sentence and its translation say, both normalised."""

    source: str
    target: str
    language: str | None = None
    """What the target is in, where it is not the recipe's `data.target_language`."""


def read_table(path: Path) -> list[dict[str, str]]:
    """Read a tab-separated table with a header line, gzip-compressed or plain.

    Raises:
        FileNotFoundError: there is no such file; the message says how to get it.
    """
    if not path.exists():
        raise FileNotFoundError(f"{path} is missing; {how_to_get(path.as_posix())}")
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


def write_table(path: Path, header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Write a table that `read_table` reads; it is there once it is whole.

    Normalised text holds no tab and no line break, so that nothing needs to be escaped.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.partial")
    with partial.open("w", encoding="utf-8", newline="") as file:
        for row in itertools.chain([header], rows):
            file.write("\t".join(row) + "\n")
    partial.replace(path)


def read_pairs(folder: Path, corpus: Corpus, split: str) -> list[Pair]:
    """Return the pairs of `split`; a table without a `split` column is all `test`."""
    longest = corpus.max_characters or sys.maxsize
    pairs = [
        Pair(normalize(row[corpus.source]), normalize(row[corpus.target]), corpus.target_language)
        for row in read_table(folder / corpus.path)
        if row.get("split", "test") == split
    ]
    return [pair for pair in pairs if pair.target and 0 < len(pair.source) <= longest]


def keep_shortest(pairs: Sequence[Pair], count: int) -> list[Pair]:
    """Return the `count` pairs with the shortest sources in characters, in their own order."""
    by_length = sorted(range(len(pairs)), key=lambda place: len(pairs[place].source))
    return [pairs[place] for place in sorted(by_length[:count])]


def draw_pairs(pairs: Sequence[Pair], count: int | None, seed: int) -> Sequence[Pair]:
    """Return `count` of `pairs`, the same for the same seed, in their order; None is all."""
    if count is None or count >= len(pairs):
        return pairs
    places = np.random.default_rng(seed).choice(len(pairs), count, replace=False)
    return [pairs[place] for place in sorted(places.tolist())]


def keep_summaries(pairs: Sequence[Pair], corpus: Corpus, spaceless: bool) -> list[Pair]:
    """Return the pairs that can teach to summarize, each once.

    Left out are targets that are not shorter than their sources, repeated pairs, and targets of
    whose units or facts too few stand in the source: `corpus.min_overlap` and `corpus.min_facts`.
    """

    def teaches(pair: Pair) -> bool:
        if len(pair.target) >= len(pair.source):
            return False
        wanted = units(pair.target, spaceless)
        overlap = share_within(wanted, units(pair.source, spaceless))
        claims = share_within(facts(pair.target), stated(pair.source))
        return bool(wanted) and overlap >= corpus.min_overlap and claims >= corpus.min_facts

    return list(dict.fromkeys(pair for pair in pairs if teaches(pair)))
