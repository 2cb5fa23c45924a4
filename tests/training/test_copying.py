"""A pointer-generator, trained for seconds, copies tokens it never saw, through the engine."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pytest

from app.artifacts.manifest import (
    LanguagePair,
    Limits,
    Manifest,
    TextProcessing,
    TokenDecoding,
    Training,
)
from app.artifacts.store import Artifact
from app.artifacts.writer import write_artifact
from scripts.training.config import Recipe
from scripts.training.decoding import Decoder
from scripts.training.model.seq2seq import Seq2Seq
from scripts.training.savedmodel import save_models
from scripts.training.tokenizer import train_char

KNOWN = "abcdefghijklmnopqrstuvwxyzабвгдежзийклмнопрст"
UNSEEN = "XYZ"
TOKENIZER = train_char([KNOWN, UNSEEN], 100)
BOS, EOS = 1, 2
LENGTH = 4
RECIPE = Recipe.model_validate(
    {
        "name": "copier",
        "task": "summarize",
        "summary": "-",
        "limits": "-",
        "evaluate": {"golden": ["-"]},
        "data": {"source_language": "en", "target_language": "en", "corpora": []},
        "model": {"embedding": 24, "dropout": 0.0},
        "encoder": {"units": 24, "feed_forward": 24, "layers": 1, "heads": 2},
        "decoder": {"units": 24, "cell": "gru", "copying": True, "coverage": True},
        "fit": {"label_smoothing": 0.0},
    }
)


def train(steps: int) -> Seq2Seq:
    """Return a model that has learnt to say the first of four characters."""
    keras.utils.set_random_seed(3)
    generator = np.random.default_rng(3)
    model = Seq2Seq(RECIPE, TOKENIZER.get_vocab_size())
    model.compile(optimizer=keras.optimizers.Adam(0.01), jit_compile=False)
    known = [TOKENIZER.token_to_id(character) for character in KNOWN]
    for _ in range(steps):
        source = generator.choice(known, (64, LENGTH)).astype(np.int32)
        source = np.pad(source, ((0, 0), (0, 1)), constant_values=EOS)
        labels = np.stack([source[:, 0], np.full(64, EOS, np.int32)], axis=1)
        inputs = np.stack([np.full(64, BOS, np.int32), source[:, 0]], axis=1)
        loss = model.train_on_batch((source, inputs), labels)
    assert float(loss) < 0.2
    return model


def accept(_: Artifact) -> None:
    """Find nothing wrong."""


@pytest.fixture(scope="module")
def copier(tmp_path_factory: pytest.TempPathFactory) -> Artifact:
    """The trained model, exported and opened again."""
    folder = tmp_path_factory.mktemp("models")
    signatures = save_models(train(150), folder / "built")
    manifest = Manifest(
        format_version="1.0",
        name="copier",
        version=1,
        task="summarize",
        summary="-",
        languages=(LanguagePair(source="en", target="en"),),
        source_kind="text",
        target_kind="text",
        parameters=0,
        signatures=signatures,
        decoding=TokenDecoding(bos=BOS, eos=EOS, never=(0, BOS, 3)),
        limits=Limits(max_source=LENGTH + 1, max_target=4),
        text=TextProcessing(tokenizer="char", source_file="source.json", target_file="source.json"),
        commercial_use=True,
        training=Training(command="-", revision="-", seed=1, recipe="copier"),
    )

    def fill(place: Path) -> None:
        for part in ("encoder", "decoder"):
            (folder / "built" / part).rename(place / part)
        TOKENIZER.save(str(place / "source.json"))

    return write_artifact(folder / "copier/1", manifest, fill, accept)


def test_the_ids_and_the_coverage_are_tensors_of_the_contract(copier: Artifact) -> None:
    memory, state = (
        copier.manifest.memories["memory_ids"],
        copier.manifest.states["state_coverage"],
    )
    assert (memory.dtype, memory.axes, memory.pad) == ("int32", ("batch", "source"), 0)
    assert (state.dtype, state.axes, state.pad) == ("float32", ("batch", "source"), 0)


@pytest.mark.parametrize("beam", [1, 3])
def test_unseen_tokens_are_copied_and_long_articles_are_read_up_to_the_limit(
    copier: Artifact, beam: int
) -> None:
    texts = ["Xabc", "Yкла", "Zebrabcd and more", "dabc", "Xab"]
    with Decoder(copier) as decoder:
        assert decoder.decode_texts(texts, beam).texts == ["X", "Y", "Z", "d", "X"]
