from __future__ import annotations

import gzip
import io
import zipfile
from pathlib import Path

import pytest

from scripts import fetch_data
from scripts.training.config import Corpus
from scripts.training.pairs import read_pairs


def _internet(url: str) -> bytes:
    if url == fetch_data.TATOEBA:
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w") as file:
            file.writestr(
                "fra.txt", "Hi.\tSalut !\tCC-BY\nHi.\tBonjour.\tCC-BY\nGo.\tVa !\tCC-BY\n"
            )
        return archive.getvalue()
    language = url.removesuffix(".gz").rsplit(".", 1)[1]
    return gzip.compress(f"one {language}\ntwo {language}\n".encode())


def test_every_table_is_written_as_the_recipes_read_it(tmp_path: Path) -> None:
    counts = [fetch_data.write_table(table, tmp_path, _internet) for table in fetch_data.TABLES]
    assert counts == [3, 8]
    corpus = Corpus(
        path="translation/multi30k.en-de-fr.tsv.gz",
        source="en",
        target="fr",
        licence="x",
        commercial_use=False,
        attribution="",
    )
    for split in ("train", "val", "test_2016", "test_2017"):
        pairs = read_pairs(tmp_path, corpus, split)
        assert [(pair.source, pair.target) for pair in pairs] == [
            ("one en", "one fr"),
            ("two en", "two fr"),
        ]


def test_all_versions_of_a_sentence_are_in_one_split() -> None:
    rows = list(fetch_data.tatoeba_rows(_internet))
    assert rows[0][0] == rows[1][0]
    assert [row[1:] for row in rows] == [("Hi.", "Salut !"), ("Hi.", "Bonjour."), ("Go.", "Va !")]


def test_splits_have_about_their_shares() -> None:
    splits = [fetch_data.split_of(f"sentence {number}") for number in range(20_000)]
    assert 150 < splits.count("test") < 250
    assert 150 < splits.count("val") < 250


def test_half_a_table_is_never_left_behind(tmp_path: Path) -> None:
    def broken(url: str) -> bytes:
        raise OSError(f"no route to {url}")

    with pytest.raises(OSError, match="no route"):
        fetch_data.write_table(fetch_data.TABLES[0], tmp_path, broken)
    assert list(tmp_path.rglob("*.gz")) == []
