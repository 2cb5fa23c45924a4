"""Fetch the public corpora that the recipes read, and write them as the recipes' tables.

    python scripts/fetch_data.py --out data                  # sentence pairs
    python scripts/fetch_data.py --out data flickr8k         # photographs, 1.1 GB
    python scripts/fetch_data.py --out data imdb-labelled imdb-unlabelled rotten-tomatoes  # reviews

Sentence pairs are split by a hash of the English sentence, so that all versions of one sentence
are in one split and the split never changes. Nothing is downloaded twice.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import hashlib
import io
import shutil
import sys
import tarfile
import tempfile
import urllib.error
import urllib.request
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path, PurePosixPath
from typing import Any

MULTI30K = "https://raw.githubusercontent.com/multi30k/dataset/master/data/task1/raw/"
MULTI30K_SPLITS = {
    "train": "train",
    "val": "val",
    "test_2016": "test_2016_flickr",
    "test_2017": "test_2017_flickr",
}
TATOEBA = "https://www.manythings.org/anki/"
FLICKR8K = "https://github.com/jbrownlee/Datasets/releases/download/Flickr8k/Flickr8k_"
FLICKR8K_SPLITS = {"train": "trainImages", "val": "devImages", "test": "testImages"}
IMDB = "https://ai.stanford.edu/~amaas/data/sentiment/aclImdb_v1.tar.gz"
ROTTEN_TOMATOES = "https://www.cs.cornell.edu/people/pabo/movie-review-data/rt-polaritydata.tar.gz"
Fetch = Callable[[str], bytes]
Rows = Iterable[Sequence[str]]


@dataclass(frozen=True)
class Table:
    """One table: where it goes, its columns, and how its rows are made.

    `images`: the address of an archive whose pictures go into the folder `images` beside it.
    """

    path: str
    columns: tuple[str, ...]
    rows: Callable[[Fetch], Rows]
    images: str = ""


def split_of(sentence: str) -> str:
    """Return the split of an English sentence: about 1 % `val`, 1 % `test`, the rest `train`."""
    place = int.from_bytes(hashlib.sha256(sentence.encode()).digest()[:2], "big")
    if place < 655:
        return "test"
    return "val" if place < 1310 else "train"


def tatoeba_rows(fetch: Fetch, language: str = "fra") -> Rows:
    """Yield (split, English, `language`) from the archive of manythings.org."""
    with zipfile.ZipFile(io.BytesIO(fetch(f"{TATOEBA}{language}-eng.zip"))) as archive:
        text = archive.read(f"{language}.txt").decode("utf-8")
    for line in text.splitlines():
        english, other, *_ = line.split("\t")
        yield split_of(english), english, other


def multi30k_rows(fetch: Fetch) -> Rows:
    """Yield (split, en, de, fr) from the Multi30k repository; its own splits."""
    for split, stem in MULTI30K_SPLITS.items():
        sides = [
            gzip.decompress(fetch(f"{MULTI30K}{stem}.{language}.gz")).decode("utf-8").splitlines()
            for language in ("en", "de", "fr")
        ]
        for row in zip(*sides, strict=True):
            yield (split, *(text.replace("\t", " ") for text in row))


def flickr8k_rows(fetch: Fetch) -> Rows:
    """Yield (split, image, caption): the five captions of each picture, in the official splits."""
    with zipfile.ZipFile(io.BytesIO(fetch(f"{FLICKR8K}text.zip"))) as archive:
        captions: dict[str, list[str]] = {}
        for line in archive.read("Flickr8k.token.txt").decode("utf-8").splitlines():
            place, caption = line.split("\t")
            captions.setdefault(place.partition("#")[0], []).append(caption)
        for split, name in FLICKR8K_SPLITS.items():
            for image in archive.read(f"Flickr_8k.{name}.txt").decode("utf-8").split():
                yield from ((split, image, caption) for caption in captions[image])


def imdb_rows(fetch: Fetch) -> Rows:
    """Yield (split, label, text) of the labelled reviews, each on one line."""
    for path, text in _imdb_texts(fetch):
        if path.parent.name != "unsup":
            yield path.parent.parent.name, path.parent.name, text


def imdb_unlabelled_rows(fetch: Fetch) -> Rows:
    """Yield (text,) of the unlabelled reviews that are not in the test split as well."""
    texts = list(_imdb_texts(fetch))
    tested = {text for path, text in texts if path.parent.parent.name == "test"}
    for path, text in texts:
        if path.parent.name == "unsup" and text not in tested:
            yield (text,)


def _imdb_texts(fetch: Fetch) -> Iterator[tuple[PurePosixPath, str]]:
    """Yield `train/pos/0_9.txt` and such with their texts, in the order of their names."""
    with tarfile.open(fileobj=io.BytesIO(fetch(IMDB))) as archive:
        members = {member.name: member for member in archive if member.name.endswith(".txt")}
        for name in sorted(members):
            path = PurePosixPath(name)
            if path.parent.name in ("neg", "pos", "unsup"):
                text = archive.extractfile(members[name]).read().decode("utf-8")  # type: ignore[union-attr]
                yield path, " ".join(text.replace("<br />", " ").split())


def rotten_tomatoes_rows(fetch: Fetch) -> Rows:
    """Yield (label, text); its sentences are in Latin-1."""
    with tarfile.open(fileobj=io.BytesIO(fetch(ROTTEN_TOMATOES))) as archive:
        for label in ("neg", "pos"):
            file = archive.extractfile(f"rt-polaritydata/rt-polarity.{label}")
            for line in file.read().decode("latin-1").split("\n"):  # type: ignore[union-attr]
                if text := " ".join(line.split()):
                    yield label, text


TABLES = {
    "tatoeba-fr": Table("translation/tatoeba.en-fr.tsv.gz", ("split", "en", "fr"), tatoeba_rows),
    "tatoeba-mr": Table(
        "translation/tatoeba.en-mr.tsv.gz",
        ("split", "en", "mr"),
        partial(tatoeba_rows, language="mar"),
    ),
    "multi30k": Table(
        "translation/multi30k.en-de-fr.tsv.gz", ("split", "en", "de", "fr"), multi30k_rows
    ),
    "flickr8k": Table(
        "captioning/flickr8k/captions.tsv.gz",
        ("split", "image", "caption"),
        flickr8k_rows,
        f"{FLICKR8K}Dataset.zip",
    ),
    "imdb-labelled": Table(
        "classification/imdb_labelled.tsv.gz", ("split", "label", "text"), imdb_rows
    ),
    "imdb-unlabelled": Table(
        "classification/imdb_unlabelled.tsv.gz", ("text",), imdb_unlabelled_rows
    ),
    "rotten-tomatoes": Table(
        "classification/rotten_tomatoes.tsv.gz", ("label", "text"), rotten_tomatoes_rows
    ),
}
USUAL = ("tatoeba-fr", "tatoeba-mr", "multi30k")
"""What is fetched unless told otherwise."""


def how_to_get(path: str) -> str:
    """Return what to do where the table at `path`, which may name folders before it, is missing."""
    for name, table in TABLES.items():
        if path.endswith(table.path):
            return f"run `python scripts/fetch_data.py {name}`, or pass --data FOLDER"
    return "fetch_data.py does not have it, docs/training.md says where it is from; or pass --data"


def download(url: str) -> bytes:
    """Return the body at `url`.

    Raises:
        urllib.error.URLError: it cannot be had.
    """
    with _opened(url) as response:
        body: bytes = response.read()
    return body


def save(url: str, path: Path) -> None:
    """Write the body at `url` to `path`, a piece at a time.

    Raises:
        urllib.error.URLError: it cannot be had.
    """
    with _opened(url) as response, path.open("wb") as file:
        shutil.copyfileobj(response, file)


def _opened(url: str) -> Any:
    request = urllib.request.Request(url, headers={"User-Agent": "dragoman-fetch-data"})  # noqa: S310
    return urllib.request.urlopen(request, timeout=60)  # noqa: S310 - fixed https addresses


def write_images(url: str, folder: Path, store: Callable[[str, Path], None]) -> int:
    """Write the pictures of the archive at `url` into `folder`; return how many there are.

    `store(url, path)` saves the archive. Half a folder is never left behind.
    """
    if folder.exists():
        return len(list(folder.iterdir()))
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as place:
        fresh = Path(place, "images")
        fresh.mkdir()
        store(url, Path(place, "archive.zip"))
        with zipfile.ZipFile(Path(place, "archive.zip")) as archive:
            for entry in archive.infolist():
                path = PurePosixPath(entry.filename)
                if (
                    path.suffix == ".jpg" and path.parent.name == "Flicker8k_Dataset"
                ):  # its spelling
                    (fresh / path.name).write_bytes(archive.read(entry))
        fresh.rename(folder)
    return len(list(folder.iterdir()))


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
    parser.add_argument("names", nargs="*", help=f"of {', '.join(TABLES)}; usually {USUAL}")
    parser.add_argument("--out", type=Path, default=Path("data"), help="the data folder")
    args = parser.parse_args()
    if unknown := sorted(set(args.names) - set(TABLES)):
        parser.error(f"no table {', '.join(unknown)}; there are {', '.join(TABLES)}")
    fetch = cache(download)
    for table in (TABLES[name] for name in args.names or USUAL):
        path = args.out / table.path
        try:
            if table.images:
                count = write_images(table.images, path.parent / "images", save)
                print(f"{path.parent / 'images'}: {count:,} pictures")
            if path.exists():
                print(f"{table.path}: already there")
                continue
            count = write_table(table, args.out, fetch)
        except (urllib.error.URLError, OSError) as error:
            print(f"{table.path}: {error}; check the connection and run again", file=sys.stderr)
            return 1
        print(f"{table.path}: {count:,} rows")
    return 0


if __name__ == "__main__":
    sys.exit(main())
