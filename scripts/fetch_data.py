"""Fetch the public corpora that the recipes read, and write them as the recipes' tables.

    python scripts/fetch_data.py --out data

Sentence pairs are split by a hash of the English sentence, so that all versions of one sentence
are in one split and the split never changes. Nothing is downloaded twice.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import hashlib
import io
import sys
import urllib.error
import urllib.request
import zipfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

MULTI30K = "https://raw.githubusercontent.com/multi30k/dataset/master/data/task1/raw/"
MULTI30K_SPLITS = {
    "train": "train",
    "val": "val",
    "test_2016": "test_2016_flickr",
    "test_2017": "test_2017_flickr",
}
TATOEBA = "https://www.manythings.org/anki/fra-eng.zip"
Fetch = Callable[[str], bytes]
Rows = Iterable[Sequence[str]]


@dataclass(frozen=True)
class Table:
    """One table: where it goes, its columns, and how its rows are made."""

    path: str
    columns: tuple[str, ...]
    rows: Callable[[Fetch], Rows]


def split_of(sentence: str) -> str:
    """Return the split of an English sentence: about 1 % `val`, 1 % `test`, the rest `train`."""
    place = int.from_bytes(hashlib.sha256(sentence.encode()).digest()[:2], "big")
    if place < 655:
        return "test"
    return "val" if place < 1310 else "train"


def tatoeba_rows(fetch: Fetch) -> Rows:
    """Yield (split, en, fr) from the archive of manythings.org."""
    with zipfile.ZipFile(io.BytesIO(fetch(TATOEBA))) as archive:
        text = archive.read("fra.txt").decode("utf-8")
    for line in text.splitlines():
        english, french, *_ = line.split("\t")
        yield split_of(english), english, french


def multi30k_rows(fetch: Fetch) -> Rows:
    """Yield (split, en, de, fr) from the Multi30k repository; its own splits."""
    for split, stem in MULTI30K_SPLITS.items():
        sides = [
            gzip.decompress(fetch(f"{MULTI30K}{stem}.{language}.gz")).decode("utf-8").splitlines()
            for language in ("en", "de", "fr")
        ]
        for row in zip(*sides, strict=True):
            yield (split, *(text.replace("\t", " ") for text in row))


TABLES = (
    Table("translation/tatoeba.en-fr.tsv.gz", ("split", "en", "fr"), tatoeba_rows),
    Table("translation/multi30k.en-de-fr.tsv.gz", ("split", "en", "de", "fr"), multi30k_rows),
)


def download(url: str) -> bytes:
    """Return the body at `url`.

    Raises:
        urllib.error.URLError: it cannot be had.
    """
    request = urllib.request.Request(url, headers={"User-Agent": "dragoman-fetch-data"})  # noqa: S310
    with urllib.request.urlopen(request, timeout=60) as response:  # noqa: S310 - fixed https addresses
        body: bytes = response.read()
    return body


def write_table(table: Table, out: Path, fetch: Fetch) -> int:
    """Write `table` under `out`; return how many rows it has. Half a table is never left behind."""
    path = out / table.path
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    count = 0
    with gzip.open(partial, "wt", encoding="utf-8", newline="") as file:
        writer = csv.writer(
            file, delimiter="\t", quoting=csv.QUOTE_NONE, quotechar=None, lineterminator="\n"
        )
        writer.writerow(table.columns)
        for row in table.rows(fetch):
            writer.writerow(row)
            count += 1
    partial.replace(path)
    return count


def main() -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, default=Path("data"), help="the data folder")
    args = parser.parse_args()
    for table in TABLES:
        if (args.out / table.path).exists():
            print(f"{table.path}: already there")
            continue
        try:
            count = write_table(table, args.out, download)
        except (urllib.error.URLError, OSError) as error:
            print(f"{table.path}: {error}; check the connection and run again", file=sys.stderr)
            return 1
        print(f"{table.path}: {count:,} rows")
    return 0


if __name__ == "__main__":
    sys.exit(main())
