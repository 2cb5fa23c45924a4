"""Pairs are read normalised, in file order, by split."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from scripts.training.config import Corpus
from scripts.training.pairs import Pair, draw_pairs, keep_shortest, read_pairs, read_table

TABLE = (
    "en\tfr\tsplit\n"
    "Hi.\tSalut\u202f!\ttrain\n"
    'He said "no\tIl a dit \u00ab\u00a0non\u00a0\u00bb\ttrain\n'
    "It\u2019s me\tC\u2019est moi\tval\n"
    "\tvide\ttrain\n"
    "empty\t \ttrain\n"
)


def corpus(path: str) -> Corpus:
    """Return the description of a table of English and French."""
    return Corpus(
        path=path, source="en", target="fr", licence="-", commercial_use=True, attribution="-"
    )


def test_pairs_are_normalised_and_in_order_and_quotes_are_letters(tmp_path: Path) -> None:
    (tmp_path / "pairs.tsv").write_text(TABLE, encoding="utf-8")
    assert read_pairs(tmp_path, corpus("pairs.tsv"), "train") == [
        Pair("Hi.", "Salut !"),
        Pair('He said "no', "Il a dit « non »"),
    ]


def test_a_split_is_read_alone(tmp_path: Path) -> None:
    (tmp_path / "pairs.tsv").write_text(TABLE, encoding="utf-8")
    assert read_pairs(tmp_path, corpus("pairs.tsv"), "val") == [Pair("It's me", "C'est moi")]


def test_a_compressed_table_reads_like_a_plain_one(tmp_path: Path) -> None:
    (tmp_path / "pairs.tsv").write_text(TABLE, encoding="utf-8")
    (tmp_path / "pairs.tsv.gz").write_bytes(gzip.compress(TABLE.encode()))
    assert read_table(tmp_path / "pairs.tsv.gz") == read_table(tmp_path / "pairs.tsv")


def test_a_table_without_splits_is_all_test(tmp_path: Path) -> None:
    (tmp_path / "pairs.tsv").write_text("en\tfr\nHi\tSalut\n", encoding="utf-8")
    assert read_pairs(tmp_path, corpus("pairs.tsv"), "test") == [Pair("Hi", "Salut")]
    assert read_pairs(tmp_path, corpus("pairs.tsv"), "train") == []


def test_longer_sources_are_left_out_of_every_split(tmp_path: Path) -> None:
    (tmp_path / "pairs.tsv").write_text(TABLE, encoding="utf-8")
    short = corpus("pairs.tsv").model_copy(update={"max_characters": 4})
    assert read_pairs(tmp_path, short, "train") == [Pair("Hi.", "Salut !")]
    assert read_pairs(tmp_path, short, "val") == []


def test_the_shortest_sources_are_kept_in_their_order_and_the_first_of_equals() -> None:
    pairs = [Pair(source, "x") for source in ("ccc", "bb", "dddd", "a", "ee")]
    assert [pair.source for pair in keep_shortest(pairs, 2)] == ["bb", "a"]
    assert keep_shortest(pairs, 9) == pairs


def test_a_part_of_the_pairs_is_always_the_same_and_in_order() -> None:
    pairs = [Pair(str(number), "-") for number in range(100)]
    first, again, other = (draw_pairs(pairs, 30, seed) for seed in (1, 1, 2))
    assert first == again != other
    assert len(set(first)) == 30
    assert first == sorted(first, key=lambda pair: int(pair.source))
    assert draw_pairs(pairs, None, 1) == draw_pairs(pairs, 101, 1) == pairs


def test_a_missing_table_says_how_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"is missing; fetch_data\.py does not have it"):
        read_table(tmp_path / "pairs.tsv")
    with pytest.raises(FileNotFoundError, match=r"run `python scripts/fetch_data\.py rotten-"):
        read_table(tmp_path / "classification/rotten_tomatoes.tsv.gz")
