"""A pointer-generator, trained for seconds, copies tokens it never saw, through the engine."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from app.artifacts.manifest import (
    Limits,
)
from app.artifacts.store import Artifact
from scripts.training.decoding import Decoder
from scripts.training.model.seq2seq import Seq2Seq
from scripts.training.tokenizer import train_char
from tests.fakes.tiny import tiny_recipe, write_tiny

KNOWN = "abcdefghijklmnopqrstuvwxyzабвгдежзийклмнопрст"
UNSEEN = "XYZ"
TOKENIZER = train_char([KNOWN, UNSEEN], 100)
BOS, EOS = 1, 2
LENGTH = 4
RECIPE = tiny_recipe(
    name="copier",
    task="summarize",
    data={"target_language": "en"},
    model={"embedding": 24, "dropout": 0.0},
    encoder={"units": 24, "feed_forward": 24, "layers": 1, "heads": 2},
    decoder={"units": 24, "cell": "gru", "copying": True, "coverage": True},
    fit={"label_smoothing": 0.0},
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


@pytest.fixture(scope="module")
def copier(tmp_path_factory: pytest.TempPathFactory) -> Artifact:
    """The trained model, exported and opened again."""
    folder = tmp_path_factory.mktemp("models")
    limits = Limits(max_source=LENGTH + 1, max_target=4)
    return write_tiny(folder, RECIPE, train(150), TOKENIZER, limits=limits)


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
