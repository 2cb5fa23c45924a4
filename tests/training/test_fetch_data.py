from __future__ import annotations

import gzip
import io
import tarfile
import zipfile
from pathlib import Path

import pytest

from scripts import fetch_data
from scripts.training.config import Corpus
from scripts.training.pairs import read_pairs


def _archive(files: dict[str, str]) -> bytes:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        for name, text in files.items():
            file.writestr(name, text)
    return archive.getvalue()


def _tarball(files: dict[str, bytes]) -> bytes:
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w:gz") as file:
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            file.addfile(member, io.BytesIO(data))
    return archive.getvalue()


REVIEWS = {
    "aclImdb/README": b"read me",
    "aclImdb/train/urls_pos.txt": b"https://example.org",
    "aclImdb/train/unsup/1_0.txt": b"seen in the test",
    "aclImdb/train/unsup/0_0.txt": b"A film.<br /><br />Its\tend.",
    "aclImdb/train/pos/0_9.txt": b"good",
    "aclImdb/test/neg/0_2.txt": b"seen in the test",
}
SENTENCES = {
    "rt-polaritydata/rt-polarity.pos": "a soufflé\n".encode("latin-1"),
    "rt-polaritydata/rt-polarity.neg": b"dull \nbad\x85 worse\n",
}


def _internet(url: str) -> bytes:
    if url.startswith(fetch_data.TATOEBA):
        name = "mar.txt" if "mar-eng" in url else "fra.txt"
        return _archive({name: "Hi.\tSalut !\tCC-BY\nHi.\tBonjour.\tCC-BY\nGo.\tVa !\tCC-BY\n"})
    if url == fetch_data.IMDB:
        return _tarball(REVIEWS)
    if url == fetch_data.ROTTEN_TOMATOES:
        return _tarball(SENTENCES)
    if url.startswith(fetch_data.FLICKR8K):
        return _archive(
            {
                "Flickr8k.token.txt": "a.jpg#0\tA dog .\na.jpg#1\tA cat .\nb.jpg#0\tA man .\n",
                "Flickr_8k.trainImages.txt": "b.jpg\n",
                "Flickr_8k.devImages.txt": "",
                "Flickr_8k.testImages.txt": "a.jpg\n",
            }
        )
    language = url.removesuffix(".gz").rsplit(".", 1)[1]
    return gzip.compress(f"one {language}\ntwo {language}\n".encode())


def test_every_table_is_written_as_the_recipes_read_it(tmp_path: Path) -> None:
    tables = fetch_data.TABLES.values()
    counts = [fetch_data.write_table(table, tmp_path, _internet) for table in tables]
    assert counts == [3, 3, 8, 3, 2, 1, 3]
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


def test_no_review_that_is_measured_is_among_the_unlabelled() -> None:
    assert list(fetch_data.imdb_rows(_internet)) == [
        ("test", "neg", "seen in the test"),
        ("train", "pos", "good"),
    ]
    assert list(fetch_data.imdb_unlabelled_rows(_internet)) == [("A film. Its end.",)]


def test_a_sentence_of_a_critic_is_a_row() -> None:
    rows = [("neg", "dull"), ("neg", "bad worse"), ("pos", "a soufflé")]
    assert list(fetch_data.rotten_tomatoes_rows(_internet)) == rows


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
        fetch_data.write_table(fetch_data.TABLES["tatoeba-fr"], tmp_path, broken)
    assert list(tmp_path.rglob("*.gz")) == []


def test_pictures_are_written_beside_their_captions(tmp_path: Path) -> None:
    def store(url: str, path: Path) -> None:
        names = ("Flicker8k_Dataset/a.jpg", "__MACOSX/Flicker8k_Dataset/._b.txt", "c.jpg")
        path.write_bytes(_archive(dict.fromkeys(names, "x")))

    table = fetch_data.TABLES["flickr8k"]
    folder = (tmp_path / table.path).parent / "images"
    assert fetch_data.write_images(table.images, folder, store) == 1
    assert [path.name for path in folder.parent.rglob("*") if path.is_file()] == ["a.jpg"]
    rows = [tuple(row) for row in fetch_data.flickr8k_rows(_internet)]
    assert rows == [
        ("train", "b.jpg", "A man ."),
        ("test", "a.jpg", "A dog ."),
        ("test", "a.jpg", "A cat ."),
    ]


def test_pictures_that_are_there_are_not_fetched_again(tmp_path: Path) -> None:
    def store(url: str, path: Path) -> None:
        raise OSError(f"no route to {url}")

    (tmp_path / "images").mkdir()
    assert fetch_data.write_images("https://example.org", tmp_path / "images", store) == 0
    with pytest.raises(OSError, match="no route"):
        fetch_data.write_images("https://example.org", tmp_path / "other" / "images", store)
    assert [path.name for path in tmp_path.rglob("*")] == ["images", "other"]
