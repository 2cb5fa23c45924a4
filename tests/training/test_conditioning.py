"""What a decoder reads at each step is what its conditioning says."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
from keras import ops
from pydantic import ValidationError

from scripts.training.model.seq2seq import Seq2Seq
from tests.fakes.tiny import loud, tiny_recipe

VOCABULARY, UNITS = 11, 4
SOURCE = np.array([[5, 6, 2], [9, 2, 0]], np.int32)
TOKENS = np.array([4, 7], np.int32)


def recipe(**parts: Any) -> Any:
    """Return the recipe of a small recurrent model that differs by `parts`."""
    encoder = {"kind": "recurrent", "units": UNITS, "bidirectional": False}
    sections: dict[str, dict[str, Any]] = {
        "model": {"embedding": UNITS, "dropout": 0.0},
        "encoder": encoder,
        "decoder": {"units": UNITS},
    }
    merged = {name: {**sections.get(name, {}), **parts.get(name, {})} for name in sections}
    return tiny_recipe(**{**parts, **merged})


def build(**decoder: Any) -> Seq2Seq:
    """Return a model with weights so large that every part of it matters."""
    keras.utils.set_random_seed(7)
    return loud(Seq2Seq(recipe(decoder=decoder), VOCABULARY))


def logits(model: Seq2Seq, **changes: Any) -> Any:
    """Return the first step's logits, with other tensors in the place of some."""
    tensors = {**model.encode(ops.convert_to_tensor(SOURCE)), "token": TOKENS, **changes}
    return ops.convert_to_numpy(model.step(tensors)["logits"])


@pytest.mark.parametrize("conditioning", ["repeat", "feedback", "peek", "attention"])
def test_a_step_reads_the_token_unless_the_context_is_all_it_repeats(conditioning: str) -> None:
    model = build(conditioning=conditioning)
    moved = np.abs(logits(model) - logits(model, token=TOKENS + 1)).max()
    assert (moved > 1e-3) == (conditioning != "repeat")


@pytest.mark.parametrize(
    ("conditioning", "names"),
    [
        ("repeat", {"state_context"}),
        ("feedback", set()),
        ("peek", {"state_context"}),
        ("attention", {"memory_keys", "memory_values", "memory_mask"}),
    ],
)
def test_a_step_takes_from_the_encoder_what_it_reads(conditioning: str, names: set[str]) -> None:
    model = build(conditioning=conditioning)
    encoded = model.encode(ops.convert_to_tensor(SOURCE))
    assert encoded.keys() == names | {"state_0", "state_1"}
    for name in names - {"memory_mask"}:
        assert np.abs(logits(model) - logits(model, **{name: -encoded[name]})).max() > 1e-3


@pytest.mark.parametrize("cell", ["simple_rnn", "lstm", "gru"])
def test_broadcast_layers_start_where_the_encoders_layers_end(cell: str) -> None:
    parts = {"cell": cell, "layers": 2}
    made = recipe(encoder={**parts, "bidirectional": True}, decoder={**parts, "broadcast": True})
    model = loud(Seq2Seq(made, VOCABULARY))
    encoded = model.encode(ops.convert_to_tensor(SOURCE))
    per_layer = 2 if cell == "lstm" else 1
    assert sum(name.startswith("state_") for name in encoded) == 2 * per_layer
    # The output of layer 1 where each direction ends: forwards at the last token, backwards at the
    # first.
    outputs = ops.convert_to_numpy(
        model.encoder.stack[0](model.embedding(SOURCE), mask=SOURCE != 0)[0]
    )
    half = UNITS // 2
    for row, length in enumerate((3, 2)):
        wanted = np.concatenate([outputs[row, length - 1, :half], outputs[row, 0, half:]])
        state = ops.convert_to_numpy(encoded["state_0"])[row]
        np.testing.assert_allclose(state, wanted, atol=1e-6)


def test_one_number_or_two_say_how_deep_both_parts_are() -> None:
    def layers(depth: Any) -> tuple[int, int]:
        made = recipe(model={"depth": depth})
        return made.encoder.layers, made.decoder.layers

    assert (layers(3), layers([4, 5])) == ((3, 3), (4, 5))


def test_what_follows_from_other_keys_need_not_be_said() -> None:
    def said(**keys: Any) -> tuple[str, str]:
        decoder = recipe(decoder=keys).decoder
        return decoder.conditioning, decoder.attention

    assert said() == ("attention", "general")
    assert said(conditioning="peek") == ("peek", "none")
    assert said(attention="none") == ("feedback", "none")
    assert said(kind="transformer") == ("attention", "multi-head")


def test_a_recipe_that_was_written_out_reads_the_same_again() -> None:
    for keys in ({}, {"conditioning": "repeat"}, {"kind": "transformer"}):
        made = recipe(decoder=keys, model={"depth": [2, 1]})
        assert type(made).model_validate(made.model_dump(mode="json")) == made


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ({"decoder": {"conditioning": "peek", "attention": "dot"}}, "only `attention` has one"),
        ({"decoder": {"conditioning": "attention", "attention": "none"}}, "only `attention`"),
        ({"decoder": {"attention": "multi-head"}}, "a Transformer has `multi-head`"),
        ({"decoder": {"kind": "transformer", "conditioning": "peek"}}, "`peek` does not go with"),
        ({"decoder": {"kind": "transformer", "heads": 3}}, "3 heads do not divide 4 units"),
        ({"decoder": {"kind": "transformer", "units": 8}}, "model.embedding = decoder.units"),
        ({"decoder": {"kind": "transformer", "copying": True}}, "is of recurrent decoders"),
        ({"decoder": {"conditioning": "peek", "copying": True}}, "needs an attention"),
        ({"decoder": {"broadcast": True, "cell": "gru"}}, "agree in cell, layers and units"),
        ({"decoder": {"broadcast": True}, "model": {"depth": [2, 1]}}, "agree in cell"),
        ({"model": {"depth": [1, 2, 3]}}, "one number, or two"),
        ({"model": {"depth": 2}, "decoder": {"layers": 2}}, "says decoder.layers, too"),
        (
            {"decoder": {"copying": True}, "fit": {"scheduled_sampling": 0.5}},
            "neither with copying",
        ),
    ],
)
def test_parts_that_do_not_go_together_are_refused(parts: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        recipe(**parts)
