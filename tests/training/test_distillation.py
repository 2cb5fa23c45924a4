"""A teacher's own candidates, the ones nearest to what people wrote, become pairs to train on."""

from __future__ import annotations

from pathlib import Path

import pytest

from scripts.training.distillation import distil, nearest
from scripts.training.pairs import Pair, read_table, write_table
from tests.fakes.toy_artifact import write_toy_artifact


def test_the_candidate_nearest_to_any_reference_is_taken() -> None:
    assert nearest(["le chat dort", "un chat dort ici"], ["le chien", "un chat dort"]) == (
        "un chat dort ici"
    )
    assert nearest(["a", "b"], ["c"]) == "a"


def test_each_source_comes_once_with_what_the_teacher_says(tmp_path: Path) -> None:
    teacher = write_toy_artifact(tmp_path)
    pairs = [Pair("seven two", "x"), Pair("ten", "dix"), Pair("seven two", "sept deux")]
    assert list(distil(teacher, pairs, 2)) == [Pair("ten", "dix"), Pair("seven two", "sept deux")]


def test_a_source_that_the_teacher_cannot_read_is_left_out_and_counted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    teacher = write_toy_artifact(tmp_path)
    long = " ".join(["ten"] * (teacher.manifest.limits.max_source + 1))
    pairs = [Pair(long, "x"), Pair("ten", "dix")]
    assert list(distil(teacher, pairs, 2)) == [Pair("ten", "dix")]
    assert "1 sources are longer than the teacher reads" in capsys.readouterr().out


def test_a_table_that_was_written_is_read_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "made/pairs.tsv"
    rows = [("train", 'He said: "Go!"', "Il a dit : « Va ! »"), ("train", "'", '"')]
    write_table(path, ("split", "en", "fr"), rows)
    assert [tuple(row.values()) for row in read_table(path)] == rows
    assert [file.name for file in path.parent.iterdir()] == ["pairs.tsv"]
