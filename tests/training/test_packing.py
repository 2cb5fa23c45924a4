"""A packed batch holds its real tokens, and some again; it fits back into its rectangle."""

from __future__ import annotations

import numpy as np
import pytest

from scripts.training.model.packing import WHOLE, Packed, Padded, packing


def test_real_tokens_lie_in_one_axis_and_go_back_to_their_places() -> None:
    mask = np.array([[True, True, False], [True, False, False], [True, True, True]])
    x = np.arange(18.0, dtype=np.float32).reshape(9, 2)
    layout = Packed(mask)
    packed = np.asarray(layout.pack(x))
    real = x[mask.reshape(-1)]
    assert np.array_equal(packed[: len(real)], real)
    assert packed[len(real) :].tolist() == [x[-1].tolist()] * (WHOLE - len(real))
    back = np.asarray(layout.unpack(packed))
    assert back.shape == x.shape
    assert np.array_equal(back[mask.reshape(-1)], x[mask.reshape(-1)])
    assert np.isfinite(back).all()


def test_padding_at_the_beginning_does_not_go_out_of_bounds() -> None:
    mask = np.array([[False, True], [False, False]])
    back = np.asarray(Packed(mask).unpack(np.array([[7.0]], np.float32)))
    assert back.tolist() == [[7.0]] * 4


def test_a_batch_of_nothing_but_padding_is_taken_as_it_is() -> None:
    x = np.ones((6, 2), np.float32)
    layout = Packed(np.zeros((2, 3), bool))
    assert np.array_equal(np.asarray(layout.unpack(layout.pack(x))), x)


@pytest.mark.parametrize(("rows", "width", "kept"), [(16, 32, 512), (16, 31, 16), (15, 32, 16)])
def test_what_exact_mode_pads_is_taken_as_it_is(rows: int, width: int, kept: int) -> None:
    mask = np.zeros((rows, width), bool)
    mask[:, 0] = True
    assert kept % WHOLE == 0
    x = np.arange(rows * width, dtype=np.float32)[:, None]
    packed = np.asarray(Packed(mask).pack(x))
    assert len(packed) == kept
    if kept == rows * width:
        assert np.array_equal(np.asarray(Packed(mask).unpack(packed)), x)


@pytest.mark.parametrize(
    ("backend", "training", "kind"),
    [("tensorflow", False, Packed), ("tensorflow", True, Padded), ("jax", False, Padded)],
)
def test_only_an_exported_graph_is_packed(
    backend: str, training: bool, kind: type, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("keras.config.backend", lambda: backend)
    layout = packing(np.ones((2, 3), bool), training)
    assert type(layout) is kind
    if kind is Padded:
        x = np.zeros((6, 1), np.float32)
        assert layout.pack(x) is x
        assert layout.unpack(x) is x
