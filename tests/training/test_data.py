"""What a recipe says about lengths decides which pairs are cut and which are left out."""

from __future__ import annotations

import pytest

from app.text.tokenizer import EOS
from scripts.training.data import TrainingData
from scripts.training.pairs import Pair
from scripts.training.tokenizer import train_char
from tests.fakes.tiny import tiny_recipe

PAIRS = [Pair("abcdefgh", "ab"), Pair("abc", "abcdef"), Pair("abc", "a")]


def training(**data: object) -> TrainingData:
    """Return the data of a recipe for sources of 6 and targets of 4 tokens, ends counted."""
    limits = {"max_source": 6, "max_target": 4, **data}
    recipe = tiny_recipe(task="summarize", data=limits)
    return TrainingData(recipe, train_char(["abcdefgh"], 20), PAIRS, PAIRS)


@pytest.mark.parametrize(
    ("data", "lengths"),
    [
        ({}, [(4, 2)]),
        ({"truncate_source": True}, [(4, 2), (6, 3)]),
        ({"truncate_source": True, "truncate_target": True}, [(4, 2), (4, 4), (6, 3)]),
    ],
)
def test_long_pairs_are_cut_if_the_recipe_says_so_and_left_out_if_not(
    data: dict[str, object], lengths: list[tuple[int, int]]
) -> None:
    made = training(**data)
    for batches in (list(made.epoch_batches(0)), made.validation_batches()):
        rows = [
            (source[source > 0], labels[labels > 0])
            for batch in batches
            for source, labels in zip(batch.source, batch.labels, strict=True)
            if labels.any()
        ]
        assert sorted((len(source), len(labels)) for source, labels in rows) == lengths
        assert {int(source[-1]) for source, _ in rows} == {EOS}
    assert made.steps_per_epoch == len(list(made.epoch_batches(0)))


@pytest.mark.parametrize("few", [False, True])
def test_a_small_model_has_few_shapes_if_the_recipe_says_so(few: bool) -> None:
    pairs = [Pair("a" * length, "a" * length) for length in range(1, 40)]
    recipe = tiny_recipe(fit={"few_shapes": few})
    made = TrainingData(recipe, train_char(["a"], 20), pairs, pairs)
    assert (len(made.shapes) <= 3) == few
