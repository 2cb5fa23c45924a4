"""Captions are drawn by their probabilities, scored as CIDEr-D, and learned by their advantages."""

from __future__ import annotations

import warnings
from pathlib import Path

import keras
import numpy as np
import pytest
from keras import ops

from scripts.training.captiondata import CaptionData, make_vocabulary
from scripts.training.captions import split_pictures
from scripts.training.cider import Cider
from scripts.training.features import Kept
from scripts.training.fit import Fit
from scripts.training.loss import smoothed_cross_entropy
from scripts.training.model.captioner import Captioner
from scripts.training.model.family import make_model
from scripts.training.selfcritical import Drawing, SelfCritical, ended
from tests.fakes.pictures import caption_recipe, use_tiny_backbone, write_pictures
from tests.fakes.tiny import loud

REFERENCES = [[[5, 6, 7, 2], [5, 6, 8, 9, 2]], [[5, 9, 2], [9, 9, 7, 2]], [[6, 7, 5, 8, 2]]]


def test_cider_is_that_of_pycocoevalcap() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        package = pytest.importorskip("pycocoevalcap.cider.cider")
    captions = [[5, 6, 7, 9, 2], [9, 5, 2], [8, 2]]
    spelled = {i: [" ".join(map(str, ids)) for ids in some] for i, some in enumerate(REFERENCES)}
    _, wanted = package.Cider().compute_score(
        spelled, {i: [" ".join(map(str, ids))] for i, ids in enumerate(captions)}
    )
    cider = Cider(REFERENCES, REFERENCES)
    found = [cider.score(place, ids) for place, ids in enumerate(captions)]
    np.testing.assert_allclose(found, wanted, atol=1e-9)
    assert max(found) > 1


def test_a_reference_scores_better_than_a_part_of_it() -> None:
    cider = Cider(REFERENCES, REFERENCES)
    scores = [cider.score(0, ids) for ids in ([5, 6, 7, 2], [5, 6, 7], [5], [3])]
    assert scores == sorted(scores, reverse=True)
    assert scores[-1] == 0


def test_ids_end_with_the_end_token() -> None:
    assert ended(np.array([7, 8, 2, 9])) == [7, 8, 2]
    assert ended(np.array([7, 8])) == [7, 8]


def test_a_loss_weighs_its_rows() -> None:
    loss = smoothed_cross_entropy(0.0)
    labels = ops.convert_to_tensor(np.array([[1, 2], [1, 0]]))
    logits = ops.convert_to_tensor(np.zeros((2, 2, 4), np.float32))
    rows = ops.convert_to_tensor(np.array([1.0, -2.0], np.float32))
    # Each label costs log 4: 1 · 2 labels - 2 · 1 label, of 3 labels.
    np.testing.assert_allclose(float(loss(labels, logits, rows)), 0.0, atol=1e-6)
    np.testing.assert_allclose(float(loss(labels, logits)), np.log(4), rtol=1e-6)


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CaptionData:
    use_tiny_backbone(monkeypatch)
    write_pictures(tmp_path)
    fit = {"objective": "cider", "batch_tokens": 120, "epochs": 8, "validate_every": 4}
    recipe = caption_recipe(
        fit={**fit, "learning_rate": 0.02, "warmup_steps": 1, "label_smoothing": 0.0}
    )
    train, validation = (split_pictures(recipe, tmp_path, split) for split in ("train", "val"))
    generator = np.random.default_rng(0)
    kept = [Kept((generator.normal(size=(n, 2, 2, 6)).astype(np.float16),)) for n in (15, 2)]
    return CaptionData(recipe, make_vocabulary(recipe, train), train, validation, *kept)


def captioner(data: CaptionData) -> Captioner:
    """Return a captioner of the data's words."""
    keras.utils.set_random_seed(3)
    model = make_model(data.recipe, data.backend.get_vocab_size())
    assert isinstance(model, Captioner)
    return model


def test_captions_are_drawn_by_their_probabilities(data: CaptionData) -> None:
    model = loud(captioner(data))
    kept = data.kept.views[0][:1]
    logits = ops.convert_to_numpy(model((kept, np.array([[[1]]], np.int32))))[0, 0, 0]
    logits[[0, 1, 3]] = -np.inf  # padding, start and unknown are never drawn
    shares = np.exp(logits - logits.max()) / np.exp(logits - logits.max()).sum()
    drawn = Drawing(model, 4000, 1).draw(kept, np.random.default_rng(0))[0, :, 0]
    found = np.bincount(drawn, minlength=len(shares)) / 4000
    np.testing.assert_allclose(found, shares, atol=0.03)
    assert Drawing(model, 1, 3).draw(kept, None)[0, 0, 0] == shares.argmax()


def test_what_is_learned_is_what_was_drawn_by_its_advantage(data: CaptionData) -> None:
    objective = SelfCritical(captioner(data), data)
    batch = next(data.epoch_batches(0))
    refined, again, other = (objective.refine(batch, step) for step in (1, 1, 2))
    assert np.array_equal(refined.labels, again.labels)
    assert not np.array_equal(refined.labels, other.labels)
    assert refined.weights is not None
    assert refined.labels.shape == (*batch.labels.shape[:2], 10)
    np.testing.assert_allclose(refined.weights.sum(axis=1), 0.0, atol=1e-5)
    for inputs, labels in zip(
        refined.inputs.reshape(-1, 10), refined.labels.reshape(-1, 10), strict=True
    ):
        text = labels[labels > 0].tolist()
        assert inputs[: max(len(text), 1)].tolist() == [1, *text[:-1]]


def test_a_fit_for_cider_raises_the_cider_of_greedy_captions(
    data: CaptionData, tmp_path: Path
) -> None:
    model = captioner(data)
    fit = Fit(
        model,
        data.recipe.fit,
        tmp_path / "run",
        data.epoch_batches,
        data.validation_batches(),
        data.steps_per_epoch,
        objective=SelfCritical(model, data),
    )
    fit.run()
    losses = [row["validation"] for row in fit.progress.history]
    assert losses[0] < 0
    assert min(losses) < 2 * losses[0]
