"""A folder is verified by decoding its golden examples with the engine that serves."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from app.artifacts.manifest import (
    Golden,
    Manifest,
)
from app.artifacts.store import Artifact
from app.artifacts.writer import write_artifact
from scripts.training.model.seq2seq import Seq2Seq
from scripts.training.tokenizer import train_char
from scripts.verify_artifact import check
from tests.fakes.tiny import tiny_recipe, write_tiny
from tests.fakes.toy_artifact import write_toy_summarizer
from tests.fakes.toy_labels import write_toy_labels
from tests.fakes.toy_series import write_toy_series

TEXTS = ("abc", "cab b")
LINE = re.compile(r"^DIFFERS beam_size=(\d+): '(.+)' -> '(.*)', on export '\?'$")


@pytest.fixture(scope="module")
def guess(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An untrained model with golden examples that it cannot meet."""
    tokenizer = train_char(["abc b"], 16)
    recipe = tiny_recipe(
        model={"embedding": 4},
        encoder={"units": 4, "feed_forward": 4, "layers": 1, "heads": 2},
        decoder={"units": 4, "cell": "gru"},
    )
    folder = tmp_path_factory.mktemp("models")
    model = Seq2Seq(recipe, tokenizer.get_vocab_size())
    golden = tuple(
        Golden(input=text, options={"beam_size": beam}, output="?")
        for beam in (1, 3)
        for text in TEXTS
    )
    return write_tiny(folder, recipe, model, tokenizer, golden=golden).folder


def with_golden(folder: Path, root: Path, golden: tuple[Golden, ...]) -> Path:
    """Return a copy of the model in `folder` whose golden examples are `golden`."""
    manifest = Manifest.model_validate_json((folder / "manifest.json").read_bytes())

    def fill(place: Path) -> None:
        for entry in manifest.files:
            (place / entry.path).parent.mkdir(parents=True, exist_ok=True)
            (place / entry.path).write_bytes((folder / entry.path).read_bytes())

    changed = manifest.model_copy(update={"golden": golden, "files": ()})
    return write_artifact(root / manifest.name / "1", changed, fill, lambda _: None).folder


def test_examples_that_differ_are_told_and_those_that_hold_pass(
    guess: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert not check(guess)
    said = capsys.readouterr()
    assert "4 of 4 golden examples come out differently; do not serve it" in said.err
    found = [LINE.fullmatch(line) for line in said.out.splitlines()]
    golden = tuple(
        Golden(input=match[2], options={"beam_size": int(match[1])}, output=match[3])
        for match in found
        if match
    )
    assert [(example.input, example.options) for example in golden] == [
        (text, {"beam_size": beam}) for beam in (1, 3) for text in TEXTS
    ]

    assert check(with_golden(guess, tmp_path, golden))
    said = capsys.readouterr()
    assert [line[:8] for line in said.out.splitlines()[:-1]] == ["ok      "] * 4
    assert said.out.endswith("every file and all 4 golden examples are as exported\n")
    assert said.err == ""


def test_a_damaged_folder_is_refused_before_anything_is_decoded(
    guess: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = with_golden(guess, tmp_path, ())
    (folder / "source.json").unlink()
    assert not check(folder)
    assert "source.json is missing; copy the folder again" in capsys.readouterr().err


def test_a_model_without_golden_examples_is_refused(
    guess: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert not check(with_golden(guess, tmp_path, ()))
    assert "tiny has no golden examples; name some in the recipe" in capsys.readouterr().err


def test_examples_that_cannot_be_asked_fail_with_the_reason(
    guess: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    golden = (
        Golden(input=3, output=""),
        Golden(input="a", options={"colour": 1}, output=""),
        Golden(input="a", options={"beam_size": "x"}, output=""),
        Golden(input="abcabcabc", output=""),
    )
    assert not check(with_golden(guess, tmp_path, golden))
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "FAILED  defaults: 3: its input is not a text; export the model again"
    assert lines[1].startswith("FAILED  colour=1: 'a': unknown options colour")
    assert lines[2].startswith("FAILED  beam_size=x: 'a': bad options: ")
    assert "is 10 tokens long; the limit of tiny is 8" in lines[3]


def test_a_model_that_summarizes_is_verified_as_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    long = Golden(input="ten " * 50, options={"beam_size": 2}, output="TEN TEN TEN TEN TEN TEN TEN")
    toy = write_toy_summarizer(tmp_path)
    assert check(toy.folder)
    golden = (*toy.manifest.golden, long)
    assert check(with_golden(toy.folder, tmp_path / "again", golden))
    assert "all 2 golden examples are as exported" in capsys.readouterr().out


@pytest.mark.parametrize("write", [write_toy_series, write_toy_labels])
def test_numbers_and_labels_are_verified_within_their_tolerance(
    write: Callable[[Path], Artifact], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    toy = write(tmp_path)
    assert check(toy.folder)
    (golden,) = toy.manifest.golden
    exact = golden.model_copy(update={"tolerance": 0.0, "output": [["none", 0.5]]})
    assert not check(with_golden(toy.folder, tmp_path / "again", (exact,)))
    assert "1 of 1 golden examples come out differently" in capsys.readouterr().err
