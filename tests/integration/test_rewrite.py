"""A signature that is rewritten for a CPU computes what it did: in int8 nearly so, else exactly."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app.engine.cpus import has_int8_units
from app.engine.session.loading import load
from app.engine.session.rewrite import Rewritten

import tensorflow as tf  # isort: skip - app.engine.session says how it is loaded

WIDE, NARROW = 256, 16
GENERATOR = np.random.default_rng(3)
WEIGHT = GENERATOR.normal(size=(WIDE, WIDE)).astype(np.float32)
BIAS = GENERATOR.normal(size=WIDE).astype(np.float32)
ROWS = GENERATOR.normal(size=(20, WIDE)).astype(np.float32) * np.logspace(-3, 3, 20)[:, None]
FLOATS = tf.TensorSpec([None, WIDE], tf.float32)
needs_int8 = pytest.mark.skipif(not has_int8_units(), reason="this CPU has no units for int8")


def both(function: Callable[..., Any], spec: Any) -> tuple[Callable[[Any], Any], Rewritten, Any]:
    """Return `function` of x as it is, rewritten, and the rewritten one as something to call."""
    keyword = tf.function(lambda *, x: function(x), autograph=False)  # as a SavedModel's signature
    signature = keyword.get_concrete_function(x=spec)
    rewritten = Rewritten(signature)
    call = tf.function(lambda x: rewritten(x=x), autograph=False, input_signature=[spec])
    return (
        lambda x: signature(x=tf.constant(x))["y"].numpy(),
        rewritten,
        lambda x: call(x)["y"].numpy(),
    )


def error(right: Any, found: Any) -> Any:
    """Return the relative error of each row."""
    return np.linalg.norm(found - right, axis=1) / np.linalg.norm(right, axis=1)


@needs_int8
@pytest.mark.parametrize("transposed", [False, True])
def test_a_wide_product_is_taken_in_int8_with_a_scale_for_each_row(transposed: bool) -> None:
    weight = tf.Variable(WEIGHT)
    plain, rewritten, call = both(
        lambda x: {"y": tf.matmul(x, weight, transpose_b=transposed) + BIAS}, FLOATS
    )
    assert rewritten.products == 1
    rows = ROWS.astype(np.float32)
    sums = call(rows) - BIAS
    assert 0 < error(plain(rows) - BIAS, sums).max() < 0.015  # from rows of 0.001 to those of 1,000
    assert np.array_equal(call(np.zeros((1, WIDE), np.float32))[0], BIAS)


@needs_int8
def test_a_product_of_bounded_numbers_adds_its_bias_itself() -> None:
    weight, bias = tf.Variable(WEIGHT), tf.Variable(BIAS)
    plain, rewritten, call = both(
        lambda x: {"y": tf.nn.relu(tf.nn.bias_add(tf.matmul(tf.tanh(x), weight), bias))}, FLOATS
    )
    assert rewritten.products == 1
    rows = ROWS[8:].astype(np.float32)
    assert 0 < error(plain(rows), call(rows)).max() < 0.015


@needs_int8
def test_a_row_does_not_depend_on_its_neighbours_bit_for_bit() -> None:
    weight = tf.Variable(WEIGHT)
    _, _, call = both(lambda x: {"y": tf.matmul(x, weight)}, FLOATS)
    rows = ROWS.astype(np.float32)
    together = call(rows)
    for place in range(len(rows)):
        assert np.array_equal(call(rows[place : place + 1])[0], together[place])


@needs_int8
@pytest.mark.parametrize("bounded", [False, True])
def test_a_row_that_is_not_a_number_stays_none(bounded: bool) -> None:
    weight, bias = tf.Variable(WEIGHT), tf.Variable(BIAS)
    _, _, call = both(
        lambda x: {"y": tf.matmul(tf.tanh(x) if bounded else x, weight) + bias}, FLOATS
    )
    rows = ROWS.astype(np.float32)
    rows[3, 7] = np.nan
    assert np.isnan(call(rows)).all(axis=1).nonzero()[0].tolist() == [3]


@needs_int8
def test_parts_of_a_split_are_told_apart() -> None:
    weight = tf.Variable(WEIGHT)

    def halves(x: Any) -> dict[str, Any]:
        first, second = (tf.split(part, 2, axis=1) for part in tf.split(x, 2, axis=1))
        parts = [*first, *second]  # of nodes called split_1:0, split_1:1, split_2:0, split_2:1
        return {"y": tf.concat([tf.matmul(part, weight) for part in parts], axis=1)}

    plain, rewritten, call = both(halves, tf.TensorSpec([None, 4 * WIDE], tf.float32))
    assert rewritten.products == 4
    rows = GENERATOR.normal(size=(3, 4 * WIDE)).astype(np.float32)
    assert error(plain(rows), call(rows)).max() < 0.015


def test_a_narrow_product_stays_as_it_is() -> None:
    weight = tf.Variable(WEIGHT[:, :NARROW])
    plain, rewritten, call = both(lambda x: {"y": tf.matmul(x, weight)}, FLOATS)
    rows = ROWS.astype(np.float32)
    assert rewritten.products == 0
    assert np.array_equal(call(rows), plain(rows))


@pytest.mark.parametrize("axis", [1, -1])
def test_columns_that_are_looked_up_become_rows(axis: int) -> None:
    table = tf.Variable(WEIGHT)
    plain, rewritten, call = both(
        lambda x: {"y": tf.transpose(tf.gather(table, x, axis=axis))},
        tf.TensorSpec([None], tf.int32),
    )
    places = np.array([3, 0, WIDE - 1, 3], np.int32)
    assert np.array_equal(call(places), plain(places))
    kinds = {node.op for node in rewritten.definition.node}
    assert "GatherV2" in kinds
    assert "Transpose" not in kinds


def test_large_weights_are_no_part_of_the_graph() -> None:
    weight = tf.Variable(WEIGHT)
    _, rewritten, _ = both(lambda x: {"y": tf.matmul(x, weight)}, FLOATS)
    assert rewritten.definition.ByteSize() < 0.1 * WEIGHT.size


@needs_int8
def test_large_weights_serve_the_body_of_a_loop() -> None:
    weight = tf.Variable(WEIGHT / WIDE**0.5)
    _, rewritten, call = both(lambda x: {"y": tf.tanh(tf.matmul(x, weight))}, FLOATS)

    def thrice(x: Any) -> Any:
        loop = tf.while_loop(
            lambda at, _: at < 3, lambda at, x: (at + 1, rewritten(x=x)["y"]), (0, x)
        )
        return loop[1]

    found = tf.function(thrice, autograph=False, input_signature=[FLOATS])
    rows = ROWS[8:].astype(np.float32)
    assert np.array_equal(found(tf.constant(rows)), call(call(call(rows))))


@pytest.mark.parametrize(
    ("flags", "has"), [("fma avx2 avx512_vnni", True), ("avx_vnni", True), ("avx2 vnni", False)]
)
def test_units_for_int8_are_told_by_the_flags_of_the_cpu(
    tmp_path: Path, flags: str, has: bool
) -> None:
    path = tmp_path / "cpuinfo"
    path.write_text(f"model name\t: avx_vnni amx_int8\nflags\t\t: {flags}\n")
    assert has_int8_units(path) is has
    assert not has_int8_units(tmp_path / "absent")


def test_what_cannot_be_rewritten_stays_as_it_is(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = tf.Module()
    module.weight = tf.Variable(WEIGHT)
    function = tf.function(lambda x: {"y": tf.matmul(x, module.weight)}, autograph=False)
    signature = function.get_concrete_function(x=FLOATS)
    tf.saved_model.save(module, str(tmp_path), signatures={"step": signature})

    def broken(*_: object, **__: object) -> None:
        raise ValueError("an operation that nobody knows")

    monkeypatch.setattr(
        "app.engine.session.rewrite.signature.convert_variables_to_constants_v2", broken
    )
    root, step = load(tmp_path, "step", int8=True)
    assert root is not None
    assert step(x=tf.ones((1, WIDE)))["y"].shape == (1, WIDE)
    assert "stays in float32" in caplog.text
