"""A model of several target languages is told by a tag which one to write."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from app.text.tokenizer import BOS, EOS, Tokenizer
from scripts.training.config import Recipe
from scripts.training.data import TrainingData, make_tokenizer, split_pairs
from scripts.training.pairs import Pair, write_table
from scripts.training.tags import prefixes, tags
from tests.fakes.tiny import tiny_recipe

CORPUS = {
    "path": "pairs.tsv",
    "source": "en",
    "target": "fr",
    "licence": "CC0",
    "commercial_use": True,
    "attribution": "us",
}
MARATHI = {**CORPUS, "target": "mr", "target_language": "mr"}
PAIRS = [Pair("ab", "cd"), Pair("ab", "ef", "mr"), Pair("b", "f", "mr"), Pair("a", "abcdef")]


def recipe(**parts: Any) -> Recipe:
    """Return a recipe of characters, English to French and Marathi, with targets of 4 tokens."""
    data = {"corpora": [CORPUS, MARATHI], "max_target": 5, **parts.pop("data", {})}
    tokenizer = {"kind": "char", "vocabulary": 20}
    return tiny_recipe(**{"tokenizer": tokenizer, **parts, "data": data})


def test_one_target_language_needs_no_tag() -> None:
    alone = recipe(data={"corpora": [CORPUS, {**CORPUS, "target_language": "fr"}]})
    tokenizer = Tokenizer(make_tokenizer(alone, PAIRS))
    assert (tags(alone.data), prefixes(alone.data, tokenizer)) == ((), {"fr": ()})


def test_each_language_has_a_control_token_at_the_end_of_the_vocabulary() -> None:
    several = recipe()
    tokenizer = Tokenizer(make_tokenizer(several, PAIRS))
    size = tokenizer.vocabulary_size
    assert prefixes(several.data, tokenizer) == {"fr": (size - 2,), "mr": (size - 1,)}
    assert tokenizer.pieces([size - 2, size - 1]) == ["<2fr>", "<2mr>"]


def test_tags_count_in_the_size_of_the_vocabulary() -> None:
    small = recipe(tokenizer={"kind": "char", "vocabulary": 16})
    letters = Pair("abcdefghijklmnop", "qrstuvwxyz")
    assert Tokenizer(make_tokenizer(small, [letters])).vocabulary_size == 16


def test_a_vocabulary_without_the_tags_is_refused() -> None:
    plain = Tokenizer(make_tokenizer(recipe(data={"corpora": [CORPUS]}), PAIRS))
    with pytest.raises(ValueError, match="no control token <2fr>"):
        prefixes(recipe().data, plain)


def test_the_tag_is_fed_after_the_start_and_not_learnt() -> None:
    several = recipe()
    backend = make_tokenizer(several, PAIRS)
    data = TrainingData(several, backend, PAIRS, PAIRS)
    tokenizer = Tokenizer(backend)
    french, marathi = (tokenizer.control_id(tag) for tag in ("<2fr>", "<2mr>"))

    def letters(text: str) -> list[int]:
        return [*tokenizer.encode(text)]

    for batches in (list(data.epoch_batches(0)), data.validation_batches()):
        rows = [
            (inputs[inputs > 0].tolist(), labels[: np.count_nonzero(inputs)].tolist())
            for batch in batches
            for inputs, labels in zip(batch.inputs, batch.labels, strict=True)
            if labels.any()
        ]
        assert sorted(rows) == sorted(  # `abcdef`, tag and end do not fit into five places
            [
                ([BOS, french, *letters("cd")], [0, *letters("cd"), EOS]),
                ([BOS, marathi, *letters("ef")], [0, *letters("ef"), EOS]),
                ([BOS, marathi, *letters("f")], [0, *letters("f"), EOS]),
            ]
        )


def test_pairs_know_their_corpus_language_and_come_as_often_as_it_says(tmp_path: Any) -> None:
    rows = [("train", str(number), "un", "एक") for number in range(10)]
    write_table(tmp_path / "pairs.tsv", ["split", "en", "fr", "mr"], rows)
    several = recipe(data={"corpora": [{**CORPUS, "take": 3}, {**MARATHI, "repeat": 2}]})
    pairs = split_pairs(several, tmp_path, "train")
    assert [pair.language for pair in pairs] == [None] * 3 + ["mr"] * 20
    assert {pair.target for pair in pairs[:3]} == {"un"}


SET = {"name": "set", "path": "pairs.tsv", "source": "en", "target": "mr"}


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ({"task": "summarize"}, "are of the task `translate`"),
        ({"decoder": {"conditioning": "repeat"}}, "ignores tokens"),
        ({"data": {"target_language": "de"}}, "no corpus with `train` is in de"),
        (
            {"evaluate": {"golden": ["-"], "sets": [{**SET, "target_language": "it"}]}},
            "set is in it; the corpora are in fr, mr",
        ),
    ],
)
def test_a_recipe_of_several_languages_fits_together(parts: dict[str, Any], message: str) -> None:
    if "target_language" in parts.get("data", {}):
        parts = {"data": {**parts["data"], "corpora": [{**CORPUS, "target_language": "fr"}]}}
    with pytest.raises(ValidationError, match=message):
        recipe(**parts)
