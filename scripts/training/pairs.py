"""Read sentence pairs: normalised, in file order, by split."""

from __future__ import annotations

import csv
import gzip
from dataclasses import dataclass
from pathlib import Path

from app.text.normalizer import normalize
from scripts.training.config import Corpus


@dataclass(frozen=True)
class Pair:
    """One source sentence and one translation, both normalised."""

    source: str
    target: str


def read_table(path: Path) -> list[dict[str, str]]:
    """Read a tab-separated table with a header line, gzip-compressed or plain.

    Raises:
        FileNotFoundError: there is no such file; the message says how to get it.
    """
    if not path.exists():
        raise FileNotFoundError(
            f"{path} is missing; run `python scripts/fetch_data.py` or pass --data FOLDER"
        )
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


def read_pairs(folder: Path, corpus: Corpus, split: str) -> list[Pair]:
    """Return the pairs of `split`; a table without a `split` column is all `test`."""
    pairs = [
        Pair(normalize(row[corpus.source]), normalize(row[corpus.target]))
        for row in read_table(folder / corpus.path)
        if row.get("split", "test") == split
    ]
    return [pair for pair in pairs if pair.source and pair.target]
