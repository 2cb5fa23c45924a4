"""Captions are scored as the field scores them."""

from __future__ import annotations

import shutil

import pytest

from scripts.training.captionscores import figures, score_captions, tokenize
from scripts.training.config import EvaluationSet

pytest.importorskip("pycocoevalcap")
ABOUT = EvaluationSet(name="patches", path="-", source="image", target="caption", grouped=True)
needs_java = pytest.mark.skipif(shutil.which("java") is None, reason="the tokenizer needs Java")


def test_a_caption_that_repeats_its_reference_is_perfect() -> None:
    texts = {0: ["a red dog runs"], 1: ["two men sit on a wall"]}
    found = figures(texts, texts)
    assert {name: round(value, 3) for name, value in found.items()} == {
        "bleu-1": 100.0,
        "bleu-2": 100.0,
        "bleu-3": 100.0,
        "bleu-4": 100.0,
        "cider": 1000.0,
        "rougeL": 100.0,
    }


def test_figures_are_of_all_references() -> None:
    found = figures({0: ["a dog"], 1: ["a cat"]}, {0: ["dogs", "a dog"], 1: ["the bird"]})
    # Of four words two stand in a reference.
    assert round(found["bleu-1"], 3) == 50.0


@needs_java
def test_both_sides_are_tokenized_alike() -> None:
    assert tokenize([["A man's dog , wet ."], ["Two T-shirts!", "red"]]) == {
        0: ["a man 's dog wet"],
        1: ["two t-shirts", "red"],
    }
    metrics = score_captions(["a red dog runs"], [["A red dog runs .", "No ."]], ABOUT, "beam 4")
    assert [(m.name, m.value) for m in metrics][:4] == [(f"bleu-{n}", 100.0) for n in range(1, 5)]
    assert metrics[0].signature.startswith("n:1|refs:2|tok:ptb|df:refs|x100|pycocoevalcap:")
