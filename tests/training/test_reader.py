"""The reader: what its two models learn from, and that serving computes what training did."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from keras import ops

from app.text.tokenizer import EOS
from scripts.training.labels.rows import load_labels
from scripts.training.labels.sampling import draw_words, log_expected
from scripts.training.model.reader import (
    Classifier,
    Writer,
    at_last,
    keep_last,
    last_place,
    linear_gain,
)
from scripts.training.model.words import WordHead
from tests.fakes.reviews import write_reviews
from tests.fakes.tiny import loud

MASK = np.array([[1, 1, 1, 0], [1, 0, 0, 0], [0, 0, 0, 0], [1, 1, 1, 1]], np.bool_)
TOKENS = np.array([[5, 6, 7, 8, 9, EOS], [5, 7, EOS, 0, 0, 0], [8, EOS, 0, 0, 0, 0]], np.int32)
NOTHING = np.zeros(0, np.int32)
WORDS = 14


def classifier(folder: Path, **classify: Any) -> Classifier:
    recipe = load_labels(write_reviews(folder) / "sentiment-imdb.toml")
    section = recipe.classify.model_copy(update=classify)
    model = Classifier(recipe.model_copy(update={"classify": section}), WORDS)
    loud(model)
    return model


def test_the_linear_gain_rises_evenly_from_none_and_adds_up_to_one() -> None:
    gain = ops.convert_to_numpy(linear_gain(ops.convert_to_tensor(MASK)))
    expected = [[0, 1 / 3, 2 / 3, 0], [1, 0, 0, 0], [0, 0, 0, 0], [0, 1 / 6, 2 / 6, 3 / 6]]
    np.testing.assert_allclose(gain, expected, atol=1e-6)


def test_the_last_place_is_that_of_the_last_word() -> None:
    mask = ops.convert_to_tensor(MASK)
    place = ops.convert_to_numpy(last_place(mask))
    assert place.tolist() == [[0, 0, 1, 0], [1, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 1]]
    values = np.arange(4 * 4 * 2, dtype=np.float32).reshape(4, 4, 2)
    found = ops.convert_to_numpy(at_last(ops.convert_to_tensor(values), mask))
    assert found.tolist() == [[4, 5], [8, 9], [0, 0], [30, 31]]


def test_of_a_long_text_the_end_is_kept() -> None:
    found = ops.convert_to_numpy(keep_last(ops.convert_to_tensor(TOKENS), 4))
    assert found.tolist() == [[7, 8, 9, EOS], [5, 7, EOS, 0], [8, EOS, 0, 0]]
    whole = ops.convert_to_numpy(keep_last(ops.convert_to_tensor(TOKENS), 9))
    assert whole.tolist() == TOKENS.tolist()


@pytest.mark.parametrize("learnt", ["last", "gain"])
def test_a_label_is_learnt_where_the_recipe_says(tmp_path: Path, learnt: str) -> None:
    model = classifier(tmp_path, learnt=learnt)
    inputs, labels = (TOKENS, NOTHING), np.array([2, 1, 0], np.int32)  # the last row is no row
    said = model(inputs)
    loss = float(model.compute_loss(inputs, labels, said, training=True))
    logits = ops.convert_to_numpy(said["logits"])
    right = np.stack([logits[0, :, 1], logits[1, :, 0], logits[2, :, 0]])
    nats = np.log(np.exp(logits).sum(-1)) - right
    weights = [[0, 1 / 15, 2 / 15, 3 / 15, 4 / 15, 5 / 15], [0, 1 / 3, 2 / 3, 0, 0, 0]]
    if learnt == "last":
        weights = [[0, 0, 0, 0, 0, 1], [0, 0, 1, 0, 0, 0]]
    np.testing.assert_allclose(loss, (nats[:2] * weights).sum() / 2, rtol=1e-5)
    judged = float(model.compute_loss(inputs, labels, said, training=False))
    np.testing.assert_allclose(judged, (nats[0, 5] + nats[1, 2]) / 2, rtol=1e-5)


def test_serving_tells_what_training_tells_whatever_the_padding(tmp_path: Path) -> None:
    model = classifier(tmp_path)
    trained = ops.convert_to_numpy(model((TOKENS, NOTHING))["last"])
    wide = np.pad(TOKENS, ((0, 0), (0, 7)))
    for tokens in (TOKENS, wide):
        served = model.step(model.encode(ops.convert_to_tensor(tokens)))["logits"]
        np.testing.assert_allclose(ops.convert_to_numpy(served), trained, atol=1e-5)
    alone = model.step(model.encode(ops.convert_to_tensor(TOKENS[1:2, :3])))["logits"]
    np.testing.assert_allclose(ops.convert_to_numpy(alone), trained[1:2], atol=1e-5)
    nothing = model.step(model.encode(ops.convert_to_tensor(np.zeros((1, 3), np.int32))))
    assert np.isfinite(ops.convert_to_numpy(nothing["logits"])).all()


def test_joint_training_adds_the_next_word_and_is_not_kept(tmp_path: Path) -> None:
    model, plain = classifier(tmp_path, joint=0.5), classifier(tmp_path)
    assert (model.kept, len(model.weights)) == (len(plain.weights), len(plain.weights) + 3)
    for variable, own in zip(plain.weights, model.weights, strict=False):
        variable.assign(own)
    drawn, labels = np.arange(4, 9, dtype=np.int32), np.array([2, 1, 1], np.int32)
    inputs = TOKENS, drawn
    said = model(inputs)
    both = float(model.compute_loss(inputs, labels, said))
    label = float(plain.compute_loss(inputs, labels, plain(inputs)))
    assert model.words is not None
    table = model.embedding.embeddings
    words = model.words.sampled_nats(said["memory"][:, :-1], TOKENS[:, 1:], table, drawn)
    np.testing.assert_allclose(both, label + 0.5 * float(words), rtol=1e-5)


def test_told_from_drawn_words_a_word_costs_what_it_does_told_from_all() -> None:
    generator = np.random.default_rng(2)
    head = WordHead(6, 4, 50)
    for variable in head.weights:
        variable.assign(generator.normal(0, 0.5, variable.shape).astype(np.float32))
    features, table = (
        ops.convert_to_tensor(generator.normal(0, 0.5, shape).astype(np.float32))
        for shape in ((3, 5, 6), (50, 4))
    )
    labels = np.array([[4, 9, 0, 0, 0], [30, 7, 7, 11, 2], [0, 0, 0, 0, 0]], np.int32)
    whole = float(head.nats(features, labels, table))
    drawn = draw_words(generator, 20_000, 50)
    sampled = float(head.sampled_nats(features, labels, table, drawn))
    np.testing.assert_allclose(sampled, whole, rtol=0.01)


def test_words_are_drawn_as_often_as_is_expected() -> None:
    drawn = draw_words(np.random.default_rng(1), 200_000, 30)
    counts = np.bincount(drawn, minlength=30)
    expected = np.exp(ops.convert_to_numpy(log_expected(np.arange(30), 200_000, 30)))
    assert expected.sum() == pytest.approx(200_000, rel=1e-4)
    np.testing.assert_allclose(counts, expected, rtol=0.08)


def test_both_models_begin_with_the_same_reader(tmp_path: Path) -> None:
    writer = Writer(load_labels(write_reviews(tmp_path) / "reviews-lm.toml"), WORDS)
    model = classifier(tmp_path)
    shapes = [tuple(variable.shape) for variable in writer.weights[: writer.kept]]
    assert [tuple(variable.shape) for variable in model.weights[: len(shapes)]] == shapes
    assert shapes == [(WORDS, 12), (12, 64), (16, 64), (64,)]
