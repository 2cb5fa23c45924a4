"""The engine carries the cache of a Transformer decoder, row by row."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import ops

from app.engine.request import SequenceResult
from app.text.tokenizer import BOS, EOS, Tokenizer
from scripts.training.checkpoint import to_array
from scripts.training.decoding import Decoder
from scripts.training.model.family import make_model
from scripts.training.model.seq2seq import Seq2Seq
from scripts.training.tokenizer import train_char
from tests.fakes.tiny import loud, tiny_recipe, write_tiny

BACKEND = train_char(["abcdefghij"], 100)
NEVER, LIMIT, UNITS = (0, 1, 3), 8, 16  # as `write_tiny` has them
TEXTS = ["abc", "j", "hgfed", "bb"]


def talkative(model: Seq2Seq) -> Seq2Seq:
    """Return `model` with weights that make it say something else after each source."""
    for variable in loud(model).weights:
        kind = variable.path.split("/")[-1]
        if kind in ("gamma", "beta", "bias", "output_bias"):
            variable.assign(np.full(variable.shape, float(kind == "gamma"), np.float32))
        else:
            variable.assign(to_array(variable) * (0.3 if kind == "embeddings" else 3.0))
    return model


def greedy(model: Seq2Seq, ids: list[int]) -> list[int]:
    """Return what `model` says of one source, one step after the other."""
    tensors = model.encode(ops.convert_to_tensor(np.array([[*ids, EOS]], np.int32)))
    token, said = BOS, []
    while token != EOS and len(said) < LIMIT:
        out = model.step({**tensors, "token": ops.convert_to_tensor(np.array([token], np.int32))})
        logits = ops.convert_to_numpy(out["logits"])[0]
        token = int(np.where(np.isin(np.arange(len(logits)), NEVER), -np.inf, logits).argmax())
        said.append(token)
        tensors |= {name: value for name, value in out.items() if name.startswith("state_")}
    return [token for token in said if token != EOS]


def words(results: list[SequenceResult]) -> list[list[int]]:
    """Return the best tokens of each, without the end token."""
    return [[t for t in result.hypotheses[0].tokens if t != EOS] for result in results]


def test_rows_with_caches_decode_in_a_batch_as_they_do_alone(tmp_path: Path) -> None:
    keras.utils.set_random_seed(7)
    parts: dict[str, Any] = {
        "model": {"embedding": UNITS, "dropout": 0.0},
        "encoder": {"kind": "recurrent", "units": UNITS, "layers": 1},
        "decoder": {"kind": "transformer", "units": UNITS, "heads": 2, "feed_forward": 6},
    }
    recipe = tiny_recipe(**parts, data={"max_target": LIMIT})
    model = talkative(make_model(recipe, BACKEND.get_vocab_size()))
    artifact = write_tiny(tmp_path, recipe, model, BACKEND)
    sources = Tokenizer(BACKEND).encode_batch(TEXTS)
    with Decoder(artifact) as decoder:
        said = words(decoder.decode(TEXTS, 1, len(TEXTS)))
        assert said == [greedy(model, list(ids)) for ids in sources]
        assert len({len(tokens) for tokens in said}) > 1  # rows that end and rows that go on
        beams = words(decoder.decode(TEXTS, 3, len(TEXTS)))
        assert beams == words(decoder.decode(TEXTS, 3, 1, at_once=False))
