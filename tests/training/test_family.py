"""Every member of the family is trained, exported and reloaded, and decodes as it was trained.

`make test` takes as few members as hold every pair of entries; `make test-all` takes every member.
"""

from __future__ import annotations

from itertools import combinations, product
from pathlib import Path
from typing import Any, get_args

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import ops
from numpy.typing import NDArray
from pydantic import ValidationError

from scripts.training.checkpoint import to_array, weights_of
from scripts.training.config import DecoderSection, EncoderSection, Recipe
from scripts.training.model.attention import ATTENTIONS
from scripts.training.model.cells import CELLS
from scripts.training.model.conditioning import CONDITIONINGS
from scripts.training.model.encoders import ENCODERS
from scripts.training.model.family import make_model
from scripts.training.model.seq2seq import DECODERS
from scripts.training.savedmodel import save_models
from tests.fakes.tiny import loud, tiny_recipe

VOCABULARY, UNITS, STEPS = 11, 4, 3
# Rows of 4, 2 and 1 tokens, with a column that no row fills.
SOURCE = np.array([[5, 6, 7, 2, 0], [9, 2, 0, 0, 0], [2, 0, 0, 0, 0]], np.int32)
TARGET = np.array([[4, 5, 2], [10, 2, 0], [2, 0, 0]], np.int32)
INPUTS = np.array([[1, 4, 5], [1, 10, 0], [1, 0, 0]], np.int32)
AXES: dict[tuple[str, str], tuple[Any, ...]] = {
    ("encoder", "kind"): tuple(ENCODERS),
    ("encoder", "cell"): tuple(CELLS),
    ("encoder", "bidirectional"): (False, True),
    ("decoder", "kind"): tuple(DECODERS),
    ("decoder", "cell"): tuple(CELLS),
    ("decoder", "conditioning"): tuple(CONDITIONINGS),
    ("decoder", "attention"): (*ATTENTIONS, "multi-head", "none"),
    ("decoder", "broadcast"): (False, True),
    ("model", "depth"): (1, 2, (1, 2)),
}
RECURRENT_ONLY = {("encoder", "cell"), ("encoder", "bidirectional"), ("decoder", "cell")}
Axis = tuple[str, str]
Member = tuple[Any, ...]  # a value for each axis


def recipe(member: Member) -> Recipe:
    """Return a recipe whose only content is its model, small and without dropout."""
    small = {"units": UNITS, "heads": 2, "feed_forward": 6}
    parts: dict[str, dict[str, Any]] = {
        "model": {"embedding": UNITS, "dropout": 0.0},
        "encoder": dict(small),
        "decoder": {**small, "window": 1},
    }
    for (section, key), value in zip(AXES, member, strict=True):
        parts[section][key] = value
    return tiny_recipe(**parts, data={"max_target": STEPS})


def entries(member: Member) -> dict[Axis, Any]:
    """Return the member's value on each axis that means something to it."""
    said = dict(zip(AXES, member, strict=True))
    idle = {axis for axis in RECURRENT_ONLY if said[axis[0], "kind"] == "transformer"}
    return {axis: value for axis, value in said.items() if axis not in idle}


def is_valid(member: Member) -> bool:
    """Whether the recipe's own rules let it pass, and it is not another one said differently."""
    counting = entries(member)
    for axis, value in zip(AXES, member, strict=True):
        if axis not in counting and value != AXES[axis][0]:
            return False
    try:
        recipe(member)
    except ValidationError:
        return False
    return True


def pairs(member: Member) -> set[Any]:
    """Return each pair of entries, named by their axes."""
    return set(combinations(entries(member).items(), 2))


def cover(members: list[Member]) -> list[Member]:
    """Return few of `members` that hold every pair of entries that any of them holds."""
    missing = set().union(*map(pairs, members))
    chosen = []
    while missing:
        best = max(members, key=lambda member: len(pairs(member) & missing))
        chosen.append(best)
        missing -= pairs(best)
    return chosen


MEMBERS = [member for member in product(*AXES.values()) if is_valid(member)]
PAIRWISE = cover(MEMBERS)
CASES = [
    pytest.param(
        member,
        id="-".join(map(str, member)),
        marks=() if member in PAIRWISE else pytest.mark.exhaustive,
    )
    for member in MEMBERS
]


def decode(folder: Path, source: NDArray[np.int32]) -> tuple[Any, Any]:
    """Return logits and attention (or None) of the exported model, step by step."""
    encoder, decoder = (tf.saved_model.load(str(folder / part)) for part in ("encoder", "decoder"))
    tensors = dict(encoder.signatures["encode"](tokens=tf.constant(source)))
    logits, attention = [], []
    for token in INPUTS.T:
        out = dict(decoder.signatures["step"](token=tf.constant(token), **tensors))
        logits.append(out.pop("logits").numpy())
        if "attention" in out:
            attention.append(out.pop("attention").numpy())
        assert out.keys() == {name for name in tensors if name.startswith("state_")}
        tensors |= out
    return np.stack(logits, axis=1), np.stack(attention, axis=1) if attention else None


@pytest.mark.parametrize("member", CASES)
def test_a_member_trains_and_its_export_decodes_as_it_was_trained(
    member: Member, tmp_path: Path
) -> None:
    keras.utils.set_random_seed(7)
    model = loud(make_model(recipe(member), VOCABULARY))
    model.compile(optimizer=keras.optimizers.Adam(0.01), run_eagerly=True)
    before = weights_of(model)
    for _ in range(2):
        assert np.isfinite(float(model.train_on_batch((SOURCE, INPUTS), TARGET)))
    for variable, old in zip(model.weights, before, strict=True):
        assert not np.array_equal(to_array(variable), old), f"{variable.path} does not learn"
    whole = ops.convert_to_numpy(model((SOURCE, INPUTS)))
    save_models(model, tmp_path)
    logits, attention = decode(tmp_path, SOURCE[:, :4])  # less padding than in training
    np.testing.assert_allclose(logits, whole, atol=1e-4, rtol=0)
    assert (attention is not None) == (model.decoder.attends)
    if attention is not None:
        assert (attention * (SOURCE[:, :4] == 0)[:, None, :] == 0).all()
        assert (attention.sum(axis=-1) < 1.0 + 1e-5).all()


def test_the_chosen_members_hold_every_pair_of_entries() -> None:
    assert set().union(*map(pairs, PAIRWISE)) == set().union(*map(pairs, MEMBERS))
    assert len(PAIRWISE) < 50 < len(MEMBERS)
    for axis, values in AXES.items():
        assert {entries(member).get(axis, values[0]) for member in PAIRWISE} == set(values)


def test_recipes_name_every_kind_of_encoder_and_decoder() -> None:
    def kinds(section: Any) -> set[str]:
        return set(get_args(section.model_fields["kind"].annotation))

    assert kinds(DecoderSection) == set(DECODERS)
    assert kinds(EncoderSection) == {*ENCODERS, "image"}


@pytest.mark.parametrize("section", [DecoderSection, EncoderSection])
def test_an_unknown_part_is_refused_by_what_there_is(section: Any) -> None:
    with pytest.raises(ValidationError, match="`sltm` is unknown; there is: simple_rnn, lstm, gru"):
        section(cell="sltm")
