"""What holds for every member of the model family: padding, neighbours, names, sizes."""

from __future__ import annotations

from functools import cache
from typing import Any

import keras
import numpy as np
import pytest
from keras import ops
from numpy.typing import NDArray

from scripts.training.config import Recipe
from scripts.training.model.seq2seq import Seq2Seq
from tests.fakes.tiny import loud, step_by_step, tiny_recipe

VOCABULARY = 11
UNITS = 4
TRANSFORMER = {"kind": "transformer", "layers": 1, "heads": 2}
RECURRENT = {"kind": "recurrent", "layers": 1}
# Among them every way to look at the source; all members are exported by `test_family.py`.
MEMBERS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "general": (TRANSFORMER, {"layers": 2, "attention": "general"}),
    "local-m": (TRANSFORMER, {"cell": "gru", "attention": "local-m", "window": 1}),
    "dot": ({**RECURRENT, "bidirectional": False, "layers": 2}, {"attention": "dot"}),
    "bahdanau": ({**RECURRENT, "cell": "gru"}, {"attention": "bahdanau"}),
    "local-p": (RECURRENT, {"cell": "simple_rnn", "attention": "local-p", "window": 1}),
    "peek": (RECURRENT, {"conditioning": "peek", "broadcast": True}),
    "repeat": ({**RECURRENT, "cell": "simple_rnn"}, {"conditioning": "repeat"}),
    "multi-head": (RECURRENT, {"kind": "transformer", "layers": 2, "heads": 2}),
}
# Rows of 3, 2 and 1 tokens.
SOURCE = np.array([[5, 6, 2], [9, 2, 0], [2, 0, 0]], np.int32)
INPUTS = np.array([[1, 4, 5], [1, 10, 0], [1, 0, 0]], np.int32)


def recipe(encoder: dict[str, Any], decoder: dict[str, Any]) -> Recipe:
    """Return a recipe whose only content is its model, small and without dropout."""
    return tiny_recipe(
        model={"embedding": UNITS, "dropout": 0.0},
        encoder={"units": UNITS, "feed_forward": 6, **encoder},
        decoder={"units": UNITS, **decoder},
    )


@cache
def build(member: str) -> Seq2Seq:
    """Return one member with weights so large that every part of it matters."""
    keras.utils.set_random_seed(7)
    return loud(Seq2Seq(recipe(*MEMBERS[member]), VOCABULARY))


def teacher_forced(model: Seq2Seq, source: NDArray[np.int32], inputs: NDArray[np.int32]) -> Any:
    """Return logits [batch, target, vocabulary], all steps at once."""
    return ops.convert_to_numpy(model((source, inputs)))


each_member = pytest.mark.parametrize("member", MEMBERS)


@each_member
def test_padding_and_neighbours_change_nothing(member: str) -> None:
    model = build(member)
    whole = teacher_forced(model, SOURCE, INPUTS)
    wider = np.pad(SOURCE, ((0, 2), (0, 3)))
    more = np.pad(INPUTS, ((0, 2), (0, 0)))
    np.testing.assert_allclose(teacher_forced(model, wider, more)[:3], whole, atol=1e-5, rtol=0)
    alone = teacher_forced(model, SOURCE[1:2, :2], INPUTS[1:2])
    np.testing.assert_allclose(alone, whole[1:2], atol=1e-5, rtol=0)


@each_member
def test_a_row_of_padding_gives_finite_numbers(member: str) -> None:
    model = build(member)
    source = np.concatenate([SOURCE[:1], np.zeros_like(SOURCE[:1])])
    logits, attention = step_by_step(model, source, INPUTS[:2])
    assert np.isfinite(logits).all()
    assert attention is None or np.isfinite(attention).all()
    assert np.isfinite(teacher_forced(model, source, INPUTS[:2])).all()


@pytest.mark.parametrize("member", ["bahdanau", "general", "multi-head"])
def test_the_source_and_every_earlier_token_matter(member: str) -> None:
    model = build(member)
    whole = teacher_forced(model, SOURCE, INPUTS)
    source, inputs = SOURCE.copy(), INPUTS.copy()
    source[0, 1], inputs[0, 1] = 10, 9
    assert (np.abs(teacher_forced(model, source, INPUTS) - whole)[0].max(axis=-1) > 1e-4).all()
    moved = np.abs(teacher_forced(model, SOURCE, inputs) - whole)[0].max(axis=-1)
    assert (moved > 1e-4).tolist() == [False, True, True]


def test_tensors_have_the_names_and_shapes_of_the_contract() -> None:
    model = build("general")
    encoded = model.encode(ops.convert_to_tensor(SOURCE))
    assert {key: tuple(value.shape) for key, value in encoded.items()} == {
        "memory_values": (3, 3, UNITS),
        "memory_keys": (3, 3, UNITS),
        "memory_mask": (3, 3),
        **{f"state_{i}": (3, UNITS) for i in range(4)},
    }
    stepped = model.step({**encoded, "token": ops.convert_to_tensor(INPUTS[:, 0])})
    assert {key: tuple(value.shape) for key, value in stepped.items()} == {
        "logits": (3, VOCABULARY),
        "attention": (3, 3),
        **{f"state_{i}": (3, UNITS) for i in range(4)},
    }


def test_input_and_output_embeddings_are_one() -> None:
    shapes = [tuple(variable.shape) for variable in build("general").weights]
    assert shapes.count((VOCABULARY, UNITS)) == 1


@pytest.mark.parametrize(
    ("encoder", "decoder", "message"),
    [
        ({"kind": "transformer", "heads": 3}, {}, "3 heads do not divide 4 units"),
        ({"kind": "transformer", "units": 6}, {}, "needs model.embedding = encoder.units"),
        ({"kind": "recurrent", "units": 5}, {}, "needs an even number of units"),
        ({"kind": "recurrent"}, {"attention": "dot", "units": 6}, "use `general`"),
    ],
)
def test_sizes_that_do_not_fit_are_refused(
    encoder: dict[str, Any], decoder: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        Seq2Seq(recipe({"heads": 2, "layers": 1, **encoder}, decoder), VOCABULARY)


@pytest.mark.parametrize("copying", [False, True])
def test_two_passes_without_dropout_cost_what_one_does(copying: bool) -> None:
    generator = np.random.default_rng(2)
    source, target = generator.integers(4, VOCABULARY, (2, 3, 5)).astype(np.int32)
    losses = []
    for consistency in (0.0, 5.0):
        keras.utils.set_random_seed(7)
        made = tiny_recipe(
            model={"embedding": UNITS, "dropout": 0.0},
            encoder={"units": UNITS, "feed_forward": 6, "layers": 1, "heads": 2},
            decoder={"units": UNITS, "copying": copying},
            fit={"consistency": consistency},
        )
        model = loud(Seq2Seq(made, VOCABULARY))
        model.compile(optimizer="sgd", jit_compile=False)
        losses.append(float(model.train_on_batch((source, target), target)))
        losses.append(float(model.test_on_batch((source, target), target)))
    assert losses[0] == pytest.approx(losses[2], rel=1e-5)
    assert losses[1] == pytest.approx(losses[3], rel=1e-5)


def test_two_passes_with_dropout_are_pulled_together() -> None:
    made = tiny_recipe(
        model={"embedding": UNITS, "dropout": 0.5},
        encoder={"units": UNITS, "feed_forward": 6, "layers": 1, "heads": 2},
        decoder={"units": UNITS},
        fit={"consistency": 5.0},
    )
    model = Seq2Seq(made, VOCABULARY)
    tokens = np.full((3, 5), 4, np.int32)
    first, second = np.split(ops.convert_to_numpy(model((tokens, tokens), training=True)), 2)
    assert first.shape == second.shape == (3, 5, VOCABULARY)
    assert not np.array_equal(first, second)
