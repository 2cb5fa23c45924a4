"""A manifest says one thing about what a model reads and writes, or it is refused."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from app.artifacts.manifest import Limits, Manifest, Tensor, TokenDecoding, ValueDecoding
from tests.fakes.models import manifest as toy_manifest
from tests.fakes.toy_labels import labels_manifest
from tests.fakes.toy_series import series_manifest


def changed(manifest: Manifest, **changes: Any) -> Manifest:
    return Manifest(**{**dict(manifest), **changes})


def with_tensor(manifest: Manifest, part: str, side: str, **tensors: Tensor) -> Any:
    """The signatures with other tensors on one side of one part."""
    signature = getattr(manifest.signatures, part)
    merged = {**getattr(signature, side), **tensors}
    other = signature.model_copy(update={side: merged})
    return manifest.signatures.model_copy(update={part: other})


def test_a_model_of_series_tells_how_many_numbers_a_step_has() -> None:
    manifest = series_manifest(features=3)
    assert (manifest.source_features, manifest.labels) == (3, ())
    assert Manifest.model_validate_json(manifest.model_dump_json()) == manifest
    assert labels_manifest().labels == ("one", "four", "nine")


def refused(changes: dict[str, Any], manifest: Manifest) -> str:
    with pytest.raises(ValidationError) as caught:
        changed(manifest, **changes)
    return str(caught.value)


def test_series_come_with_a_mask_and_nothing_else() -> None:
    manifest = series_manifest()
    flat = Tensor(dtype="float32", axes=("batch", "source"))
    for tensors in ({"values": flat}, {"mask": flat}, {"tokens": flat}):
        signatures = with_tensor(manifest, "encode", "inputs", **tensors)
        assert "takes `values` float32" in refused({"signatures": signatures}, manifest)


def test_a_model_of_images_captions_them() -> None:
    message = refused({"source_kind": "image"}, labels_manifest())
    assert 'set the `task` of a model of images to "caption", not "generate"' in message


def test_some_source_is_neither_too_short_nor_too_long() -> None:
    assert Limits(max_source=3, max_target=1, min_source=3).min_source == 3
    with pytest.raises(ValidationError, match="lower the one or raise the other"):
        Limits(max_source=3, max_target=1, min_source=4)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"decoding": ValueDecoding(start=(0.0, 0.0), steps=4)}, "as `start`"),
        ({"decoding": ValueDecoding(start=(0.0,), steps=5)}, "within max_target"),
        ({"target_kind": "text"}, "writes series"),
        ({"decoding": TokenDecoding(bos=1, eos=2)}, "writes text, or labels"),
    ],
)
def test_numbers_are_decoded_as_they_are_written(changes: dict[str, Any], message: str) -> None:
    assert message in refused(changes, series_manifest())


@pytest.mark.parametrize(
    ("prefixes", "message"),
    [
        ({"en-mr": (4,)}, "`languages` does not"),
        ({"en-fr": (24,)}, "beyond the 24 of `logits`"),
    ],
)
def test_prefixes_are_ids_of_the_models_own_pairs(
    prefixes: dict[str, tuple[int, ...]], message: str
) -> None:
    tagged = TokenDecoding(bos=1, eos=2, prefixes=prefixes)
    assert message in refused({"decoding": tagged}, toy_manifest())


@pytest.mark.parametrize("start", [(), (float("nan"),), (float("inf"),)])
def test_a_series_starts_with_finite_numbers(start: tuple[float, ...]) -> None:
    with pytest.raises(ValidationError):
        ValueDecoding(start=start, steps=4)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"target_kind": "text"}, "labels that have names"),
        ({"decoding": TokenDecoding(bos=1, eos=2)}, "labels that have names"),
        ({"decoding": TokenDecoding(bos=1, eos=2, labels=("a", "b"))}, "of 2 labels"),
        ({"decoding": TokenDecoding(bos=1, eos=2, labels=("a", "a", "b"))}, "no two alike"),
        ({"decoding": TokenDecoding(bos=1, eos=2, labels=("a", "b", "c"), never=(1,))}, "bans"),
        ({"limits": Limits(max_source=9, max_target=2)}, "one token"),
        ({"task": "translate"}, "writes text; others `generate`"),
    ],
)
def test_a_classifier_names_every_logit_once(changes: dict[str, Any], message: str) -> None:
    assert message in refused(changes, labels_manifest())


@pytest.mark.parametrize("wrong", [{"never": (-1,)}, {"never": (99_999,)}, {"eos": 99_999}])
def test_a_model_of_tokens_names_ids_of_its_vocabulary(
    wrong: dict[str, Any], sketch: Manifest
) -> None:
    changes = {"decoding": sketch.decoding.model_copy(update=wrong)}
    assert "names ids beyond the" in refused(changes, sketch)
