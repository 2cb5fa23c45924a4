"""A fit that was interrupted and resumed ends with the very weights of one that was not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import keras
import numpy as np
import pytest

from scripts.training import checkpoint
from scripts.training.batches import Batch, choose_shapes, make_batches
from scripts.training.commandline import Refusal
from scripts.training.config import FitSection
from scripts.training.fit import Fit, WarmupCosine
from scripts.training.model.seq2seq import Seq2Seq
from tests.fakes.tiny import tiny_recipe

VOCABULARY = 12
_GENERATOR = np.random.default_rng(0)
PAIRS = [(row, row[::-1]) for row in _GENERATOR.integers(4, VOCABULARY, (36, 5)).tolist()]
SHAPES = choose_shapes(PAIRS)
VALIDATION = list(make_batches(PAIRS[:8], SHAPES, 64, None))
STEPS = 5
SECTION = FitSection(
    epochs=2,
    batch_tokens=64,
    learning_rate=0.01,
    warmup_steps=3,
    validate_every=3,
    checkpoint_minutes=1e-9,  # after every batch
)
EpochBatches = Callable[[int], Iterator[Batch]]


def epoch_batches(epoch: int) -> Iterator[Batch]:
    """Yield the five batches of `epoch`."""
    yield from make_batches(PAIRS, SHAPES, 64, np.random.default_rng((1, epoch)))


def interrupted(epoch: int) -> Iterator[Batch]:
    """Yield batches until the third of the second epoch."""
    for index, batch in enumerate(epoch_batches(epoch)):
        if (epoch, index) == (1, 2):
            raise KeyboardInterrupt
        yield batch


def make_model() -> Seq2Seq:
    """Return a small model with dropout everywhere."""
    keras.utils.set_random_seed(5)
    recipe = tiny_recipe(
        model={"embedding": 8, "dropout": 0.3},
        encoder={"units": 8, "feed_forward": 8, "layers": 1, "heads": 2},
        decoder={"units": 8, "cell": "gru"},
    )
    return Seq2Seq(recipe, VOCABULARY)


def make_fit(folder: Path, batches: EpochBatches, section: FitSection = SECTION) -> Fit:
    """Return a fit of a new model."""
    fit = Fit(make_model(), section, folder, batches, VALIDATION, STEPS)
    fit.model.jit_compile = False  # compiling would take most of the time here
    return fit


def test_a_resumed_fit_ends_where_an_uninterrupted_one_does(tmp_path: Path) -> None:
    whole = make_fit(tmp_path / "whole", epoch_batches)
    best = whole.run()
    with pytest.raises(KeyboardInterrupt):
        make_fit(tmp_path / "parts", interrupted).run()
    resumed = make_fit(tmp_path / "parts", epoch_batches)
    resumed.resume()
    assert (resumed.progress.epoch, resumed.progress.batch, resumed.progress.step) == (1, 2, 7)
    resumed_best = resumed.run()

    ends = [checkpoint.weights_of(fit.model) for fit in (whole, resumed)]
    for one, other in zip(*ends, strict=True):
        np.testing.assert_array_equal(one, other)
    for one, other in zip(best, resumed_best, strict=True):
        np.testing.assert_array_equal(one, other)
    for one, other in zip(whole.average, resumed.average, strict=True):
        np.testing.assert_array_equal(one, other)
    steps = [[row["step"] for row in fit.progress.history] for fit in (whole, resumed)]
    assert steps == [[3, 6, 9, 10]] * 2
    losses = [[row["validation"] for row in fit.progress.history] for fit in (whole, resumed)]
    assert losses[0] == losses[1]
    assert not (tmp_path / "parts/checkpoint.partial.npz").exists()

    again = make_fit(tmp_path / "parts", epoch_batches)
    again.resume()
    for one, other in zip(again.run(), best, strict=True):  # nothing is left to do
        np.testing.assert_array_equal(one, other)


def test_the_rate_ends_with_the_run_though_epochs_have_another_length_now(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        make_fit(tmp_path, interrupted).run()  # after 2 of 5 batches of the second epoch
    longer = Fit(make_model(), SECTION, tmp_path, epoch_batches, VALIDATION, STEPS + 4)
    longer.resume()
    assert longer.rate.total == 7 + (STEPS + 4 - 2)
    last = float(longer.rate(longer.rate.total))
    np.testing.assert_allclose(last, SECTION.learning_rate * SECTION.final_rate, rtol=1e-5)


def test_resuming_without_a_checkpoint_is_an_error(tmp_path: Path) -> None:
    fit = make_fit(tmp_path, epoch_batches)
    with pytest.raises(FileNotFoundError):
        fit.resume()


def test_a_fit_stops_when_validation_no_longer_improves(tmp_path: Path) -> None:
    section = SECTION.model_copy(
        update={"epochs": 40, "patience": 2, "validate_every": 1, "learning_rate": 1e-9}
    )
    fit = make_fit(tmp_path, epoch_batches, section)
    fit.model.train_on_batch = fit.model.test_on_batch = lambda *_: 1.0
    fit.run()
    assert [row["step"] for row in fit.progress.history] == [1, 2, 3]


def test_a_loss_that_is_not_finite_stops_the_fit_and_says_what_to_do(tmp_path: Path) -> None:
    fit = make_fit(tmp_path, epoch_batches)
    fit.model.train_on_batch = lambda *_: float("nan")
    with pytest.raises(Refusal, match=r"nan at step 0; lower fit\.learning_rate"):
        fit.run()


def test_nothing_to_learn_from_or_to_choose_by_is_refused_before_the_first_batch(
    tmp_path: Path,
) -> None:
    with pytest.raises(Refusal, match=r"nothing to choose the weights by: .*max_source"):
        Fit(make_model(), SECTION, tmp_path, epoch_batches, [], STEPS)
    with pytest.raises(Refusal, match=r"nothing to learn from: .*max_source"):
        Fit(make_model(), SECTION, tmp_path, epoch_batches, VALIDATION, 0)


def test_a_run_that_is_ended_before_it_was_validated_says_so(tmp_path: Path) -> None:
    section = SECTION.model_copy(update={"validate_every": 100})
    with pytest.raises(KeyboardInterrupt):
        make_fit(tmp_path, interrupted, section).run()  # in the second epoch
    fit = make_fit(tmp_path, epoch_batches, section.model_copy(update={"epochs": 1}))
    fit.resume()
    with pytest.raises(Refusal, match=r"1 epochs are done, and none validated: raise fit\.epochs"):
        fit.run()


@pytest.mark.parametrize(
    ("step", "rate"), [(0, 0.25), (1, 0.5), (3, 1.0), (4, 1.0), (8, 0.55), (12, 0.1), (99, 0.1)]
)
def test_the_learning_rate_rises_and_falls(step: int, rate: float) -> None:
    schedule = WarmupCosine(peak=1.0, warmup=4, total=12, final=0.1)
    np.testing.assert_allclose(float(schedule(step)), rate, rtol=1e-5)


def test_averaged_weights_hold_the_average_and_validation_restores_the_current_ones(
    tmp_path: Path,
) -> None:
    fit = make_fit(tmp_path, epoch_batches, SECTION.model_copy(update={"epochs": 1}))
    start = checkpoint.weights_of(fit.model)
    fit.run()
    end = checkpoint.weights_of(fit.model)
    keep = 2 / 11  # one update, at step 5
    for mean, first, last in zip(fit.average, start, end, strict=True):
        np.testing.assert_allclose(mean, keep * first + (1 - keep) * last, atol=1e-6)
