"""Learning without labels: splits, batches, pre-training, the table, and a served classifier."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import keras
import numpy as np
import pytest
from pydantic import ValidationError
from starlette.testclient import TestClient
from tokenizers import Tokenizer as Backend

import scripts.evaluate
import scripts.export
import scripts.sentiment
import scripts.train
from app.artifacts.store import open_artifact
from app.main import create_app
from app.settings import Settings
from app.text.tokenizer import EOS, Tokenizer
from scripts.training.checkpoint import read_arrays, to_array, weights_of
from scripts.training.fit import Fit
from scripts.training.initial import ReaderWeights, load_initial
from scripts.training.labels.config import LabelRecipe
from scripts.training.labels.corpus import read_examples, read_texts, split_texts
from scripts.training.labels.data import LabelledTexts, RunningText, choose_widths
from scripts.training.labels.evaluate import error_of
from scripts.training.labels.export import make_served
from scripts.training.labels.rows import load_labels
from scripts.training.labels.stages import begin, make_vocabulary
from scripts.training.model.family import make_model
from scripts.training.model.reader import Classifier
from scripts.training.objective import Likelihood
from scripts.training.tokenizer import train_plain
from scripts.verify_artifact import check
from tests.fakes.reviews import recipe_of, write_reviews
from tests.fakes.tiny import tiny_recipe

pytestmark = pytest.mark.usefixtures("uncompiled")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with tables and recipes."""
    return write_reviews(tmp_path)


def texts_of(recipe: LabelRecipe, folder: Path, split: str) -> list[str]:
    return [one.text for one in read_examples(recipe, folder, split)]


def test_words_are_the_same_whatever_the_spaces_between_them() -> None:
    backend = train_plain(["It isn't bad, the film's 3rd part (really) rocks!"], 40)
    natural = Tokenizer(backend).encode("It isn't bad, the film's 3rd part (really) rocks!")
    apart = Tokenizer(backend).encode("It isn 't bad , the film 's 3rd part ( really ) rocks !")
    assert natural == apart
    assert [backend.id_to_token(id_) for id_ in natural] == [
        *("It", "isn", "'t", "bad", ",", "the", "film", "'s", "3", "rd"),
        *("part", "(", "really", ")", "rocks", "!"),
    ]


def test_no_text_that_is_measured_is_learnt_from_or_chooses(folder: Path) -> None:
    recipe = recipe_of(folder, "sentiment-imdb")
    splits = {split: texts_of(recipe, folder, split) for split in ("train", "val", "test")}
    assert len(splits["test"]) == 120
    assert len(splits["train"]) + len(splits["val"]) == 120
    assert 10 < len(splits["val"]) < 40
    assert not set(splits["train"]) & set(splits["val"])
    read = read_texts(recipe, folder)
    kept, shown = split_texts(read * 3)
    assert sorted(kept + shown) == sorted(read * 3)
    assert not set(kept) & set(shown)


def test_folds_measure_every_row_once_and_hold_as_many_of_each_label(folder: Path) -> None:
    name = "sentiment-rotten-tomatoes"
    recipe = load_labels(folder / f"{name}.toml")
    measured = []
    for fold in (0, 1):
        labelled = recipe.labelled.model_copy(update={"fold": fold})
        own = recipe_of(folder, name, data={"labelled": labelled})
        examples = read_examples(own, folder, "test")
        assert [one.label for one in examples].count(0) == 20
        others = texts_of(own, folder, "train") + texts_of(own, folder, "val")
        assert len(others) == 40
        measured.append([one.text for one in examples])
    assert sorted(measured[0] + measured[1]) == sorted(
        texts_of(recipe, folder, "test") + others_of(recipe, folder)
    )


def others_of(recipe: LabelRecipe, folder: Path) -> list[str]:
    return texts_of(recipe, folder, "train") + texts_of(recipe, folder, "val")


@pytest.mark.parametrize(
    ("was", "now", "where"),
    [
        ("folds = 2", "folds = 2\nfold = 2", "fold 2 is none of 2"),
        ('name = "sent', 'task = "pretrain"\n[pretrain]\nwindow = 9\n[data]\n#', "must be even"),
        ("folds = 2", 'folds = 2\ncolumn = "x"', "data.labelled.column"),
        ("folds = 2", "folds = 2\n[fit]\nconsistency = 5", "consistency is for recipes of pairs"),
    ],
)
def test_a_recipe_that_cannot_be_is_refused(folder: Path, was: str, now: str, where: str) -> None:
    path = folder / "sentiment-rotten-tomatoes.toml"
    path.write_text(path.read_text(encoding="utf-8").replace(was, now), encoding="utf-8")
    with pytest.raises(ValidationError, match=where):
        load_labels(path)


def test_a_label_without_a_name_is_refused(folder: Path) -> None:
    labelled = recipe_of(folder, "sentiment-imdb").labelled.model_copy(
        update={"names": {"pos": "positive", "no": "negative"}}
    )
    recipe = recipe_of(folder, "sentiment-imdb", data={"labelled": labelled})
    with pytest.raises(ValueError, match=r"a label 'neg'; data\.labelled\.names has: pos, no"):
        read_examples(recipe, folder, "test")


def test_a_language_model_says_the_next_word_and_an_autoencoder_what_it_read(folder: Path) -> None:
    for name in ("reviews-lm", "reviews-sa"):
        recipe = recipe_of(folder, name)
        data = RunningText(recipe, make_vocabulary(recipe, folder), folder)
        batches = list(data.epoch_batches(0))
        assert len(batches) == data.steps_per_epoch
        for again, batch in zip(data.epoch_batches(0), batches, strict=True):
            assert (again.source == batch.source).all()
            assert (again.inputs == batch.inputs).all()
            if name == "reviews-lm":
                assert (batch.labels[:, :-1] == batch.source[:, 1:]).all()
                continue
            assert (batch.source[:, 4] == EOS).all()
            assert not batch.labels[:, :4].any()
            assert (batch.labels[:, 4:] == batch.source[:, :4]).all()
            assert (batch.source[:, 5:] == batch.source[:, :3]).all()
        assert (batches[0].source != next(data.epoch_batches(1)).source).any()


def test_an_epoch_shows_every_text_once_with_its_label_and_its_end(folder: Path) -> None:
    recipe = recipe_of(folder, "sentiment-imdb")
    backend = make_vocabulary(recipe, folder)
    data = LabelledTexts(recipe, backend, folder)
    seen = []
    for batch in data.epoch_batches(0):
        assert batch.source.shape[1] <= 16  # the last twelve, in multiples of eight
        for source, label in zip(batch.source, batch.labels, strict=True):
            ids = source[source != 0].tolist()
            assert bool(ids) == bool(label)
            if ids:
                assert (ids[-1], len(ids) <= 12) == (EOS, True)
                seen.append((ids, label - 1))
    tokenizer = Tokenizer(backend)
    wanted = [([*tokenizer.encode(one.text)[-11:], EOS], one.label) for one in data.train]
    assert sorted(seen) == sorted(wanted)


def test_widths_are_few_and_hold_every_text() -> None:
    assert choose_widths(range(1, 101)) == (32, 56, 72, 104)
    assert choose_widths([3]) == (8,)


@pytest.mark.parametrize("name", ["reviews-lm", "reviews-sa"])
def test_pre_training_makes_what_it_learns_likelier(folder: Path, name: str) -> None:
    keras.utils.set_random_seed(1)
    recipe = recipe_of(folder, name, fit={"epochs": 3})
    model, data = begin(recipe, folder, make_vocabulary(recipe, folder))
    validation = list(data.epoch_batches(9))[:4]
    steps = data.steps_per_epoch
    fit = Fit(model, recipe.fit, folder / "run", data.epoch_batches, validation, steps)
    before = Likelihood(model).loss(validation)
    fit.run()
    assert fit.progress.best_loss < before - 0.15


@pytest.fixture
def run(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Return what runs a program in this process; its working folder holds the tables."""
    monkeypatch.chdir(folder)

    def call(program: Callable[[], Any], *arguments: str) -> None:
        monkeypatch.setattr(sys, "argv", ["program", *arguments])
        assert not program()

    def subprocess(command: list[str], **_: Any) -> Any:
        call(scripts.export.main, *command[3:])
        return SimpleNamespace(returncode=0)

    monkeypatch.setattr("subprocess.run", subprocess)
    monkeypatch.setattr("scripts.training.export.revision", lambda: "unknown")
    return call


@pytest.fixture
def pretrained(run: Callable[..., Any], folder: Path) -> Path:
    """The weights of a language model, trained by the command."""
    run(scripts.train.main, "--recipe", "reviews-lm.toml", "--data", ".", "--out", "models")
    return folder / "runs/reviews-lm/weights.npz"


def test_a_classifier_begins_with_the_weights_that_pre_training_ended_with(
    pretrained: Path, folder: Path
) -> None:
    initial = load_initial(pretrained)
    assert isinstance(initial, ReaderWeights)
    recipe = recipe_of(folder, "sentiment-imdb")
    backend = Backend.from_file(str(initial.tokenizer))
    keras.utils.set_random_seed(1)
    model, _ = begin(recipe, folder, backend, initial)
    reader = [*model.embedding.weights, *model.encoder.weights]
    for variable, array in zip(reader, read_arrays(pretrained), strict=True):
        np.testing.assert_array_equal(to_array(variable), array)
    keras.utils.set_random_seed(1)
    other, _ = begin(recipe, folder, backend)
    np.testing.assert_array_equal(  # nothing but the reader differs from one at random
        to_array(model.head.kernel), to_array(other.head.kernel)
    )


def test_a_translator_begins_with_the_reader_if_it_has_the_same_shape(pretrained: Path) -> None:
    initial = load_initial(pretrained)
    size = Tokenizer.load(initial.tokenizer).vocabulary_size
    encoder = {"kind": "recurrent", "bidirectional": False, "layers": 1, "units": 16}
    parts: dict[str, Any] = {"model": {"embedding": 12}, "encoder": encoder}
    decoder = {"units": 16}
    model = make_model(tiny_recipe(**parts, decoder=decoder), size)
    before = weights_of(model.decoder)
    initial.assign(model)
    for variable, array in zip(
        [*model.embedding.weights, *model.encoder.weights], initial.weights, strict=True
    ):
        np.testing.assert_array_equal(to_array(variable), array)
    for one, other in zip(weights_of(model.decoder), before, strict=True):
        np.testing.assert_array_equal(one, other)
    parts["encoder"] = {**encoder, "units": 8}
    with pytest.raises(ValueError, match="--init holds a reader of the shapes"):
        initial.assign(make_model(tiny_recipe(**parts, decoder=decoder), size))


def test_a_trained_classifier_is_exported_and_served_with_its_probabilities(
    pretrained: Path, run: Callable[..., Any], folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ("--recipe", "sentiment-imdb.toml", "--data", ".", "--out", "models")
    run(scripts.train.main, *command, "--init", str(pretrained), "--epochs", "12")
    artifact = open_artifact(folder / "models/sentiment-imdb/1")
    manifest = artifact.manifest
    assert (manifest.task, manifest.target_kind) == ("generate", "label")
    assert manifest.labels == ("negative", "positive")
    assert len(manifest.training.command.splitlines()) == 2
    (metric,) = manifest.metrics
    assert (metric.name, metric.split, metric.signature) == ("error", "test", "n:120")
    assert metric.value < 20
    assert check(artifact.folder)

    recipe = recipe_of(folder, "sentiment-imdb")
    model = make_served(recipe, folder / "runs/sentiment-imdb")
    backend = Backend.from_file("runs/sentiment-imdb/tokenizer.json")
    batches = LabelledTexts(recipe, backend, folder).batches("test")
    assert error_of(model, batches) == pytest.approx(metric.value, abs=1e-3)
    capsys.readouterr()
    run(scripts.evaluate.main, str(artifact.folder), *command[:4])
    assert "labelled" in capsys.readouterr().out

    texts = ["a lovely film", "the plot was awful"]
    answers = served(folder / "models", texts)
    said = [{one["label"]: one["probability"] for one in answer["labels"]} for answer in answers]
    assert [max(each, key=lambda label: each[label]) for each in said] == ["positive", "negative"]
    assert [sum(each.values()) for each in said] == pytest.approx([1.0, 1.0], abs=1e-5)
    for text, each in zip(texts, said, strict=True):
        expected = probabilities(model, Tokenizer(backend), text)
        np.testing.assert_allclose([each["negative"], each["positive"]], expected, atol=1e-4)


def probabilities(model: Classifier, tokenizer: Tokenizer, text: str) -> Any:
    """Return what the model says as it trains."""
    tokens = np.array([[*tokenizer.encode(text), EOS]], np.int32)
    said = model((tokens, np.zeros(0, np.int32)))["last"]
    return keras.ops.convert_to_numpy(keras.ops.softmax(said))[0]


def served(models: Path, texts: list[str]) -> list[Any]:
    """Return what the service answers for `texts`."""
    with TestClient(create_app(Settings(models=models, device="cpu"))) as client:
        while client.get("/readyz").json().get("code") == "loading":
            pass
        path = "/v1/models/sentiment-imdb/generate"
        answer = client.post(path, json={"text": texts})
        assert answer.status_code == 200, answer.text
        return list(answer.json()["outputs"])
