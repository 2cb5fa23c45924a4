"""A captioner decodes step by step as it was trained, and serves by the contract of artifacts."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from keras import ops
from pydantic import ValidationError

from app.engine.config import EngineConfig
from app.engine.engine import Engine
from app.engine.observer import NullObserver
from app.engine.request import DecodeOptions, SequenceRequest, SequenceResult
from scripts.training.model.captioner import Captioner
from scripts.training.model.family import make_model
from scripts.training.model.images import ImageEncoder
from scripts.training.tokenizer import train_word
from tests.fakes.pictures import PLACES, caption_recipe, use_tiny_backbone
from tests.fakes.tiny import loud, write_tiny

VOCABULARY = 12
IMAGES = np.random.default_rng(1).integers(0, 256, (2, 8, 8, 3)).astype(np.uint8)
# Two captions of each picture.
INPUTS = np.array([[[1, 4, 5], [1, 10, 0]], [[1, 6, 7], [1, 0, 0]]], np.int32)
PARTS = [
    ({}, {"attention": "bahdanau"}),
    ({"tuned": 1}, {"attention": "general", "layers": 2}),
    ({"tuned": 2}, {"attention": "bahdanau", "cell": "gru"}),
    ({"pooled": True}, {"conditioning": "feedback"}),
    ({"pooled": True, "tuned": 1}, {"conditioning": "peek", "layers": 2}),
    ({}, {"kind": "transformer", "heads": 2, "units": 6}),
]
each_part = pytest.mark.parametrize(("encoder", "decoder"), PARTS)


@pytest.fixture(autouse=True)
def _tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    use_tiny_backbone(monkeypatch)


def build(encoder: dict[str, Any], decoder: dict[str, Any]) -> Captioner:
    """Return a captioner with weights so large that every part of it matters."""
    keras.utils.set_random_seed(7)
    model = make_model(caption_recipe(encoder=encoder, decoder=decoder), VOCABULARY)
    assert isinstance(model, Captioner)
    return loud(model)


def kept(model: Captioner) -> Any:
    """Return what training reads of the pictures, float16."""
    return ops.convert_to_numpy(model.encoder.lower(IMAGES)).astype(np.float16)


@each_part
def test_steps_give_the_logits_of_teacher_forcing(
    encoder: dict[str, Any], decoder: dict[str, Any]
) -> None:
    model = build(encoder, decoder)
    features = kept(model)
    assert features.shape[1:] == model.encoder.kept_shape
    whole = ops.convert_to_numpy(model((features, INPUTS)))
    assert whole.shape == (2, 2, 3, VOCABULARY)
    for caption in range(2):
        tensors = model.encode(IMAGES)
        for step in range(3):
            token = ops.convert_to_tensor(INPUTS[:, caption, step])
            outputs = model.step({**tensors, "token": token})
            logits = ops.convert_to_numpy(outputs["logits"])
            # float16 features differ a little from those of the pixels.
            np.testing.assert_allclose(logits, whole[:, caption, step], atol=0.05)
            tensors |= {name: outputs[name] for name in tensors if name.startswith("state")}


@each_part
def test_only_the_tuned_stages_of_the_backbone_learn(
    encoder: dict[str, Any], decoder: dict[str, Any]
) -> None:
    model = build(encoder, decoder)
    slow = {id(variable) for variable in model.slow_variables}
    learning = [v for v in model.trainable_variables if id(v) in slow]
    assert len(learning) == 2 * encoder.get("tuned", 0)
    # `--init` reads weights by their places: how many are tuned must not move them.
    frozen = build({**encoder, "tuned": 0}, decoder)
    shapes = [tuple(variable.shape) for variable in model.weights]
    assert shapes == [tuple(variable.shape) for variable in frozen.weights]


def test_more_stages_than_there_are_cannot_be_tuned() -> None:
    section = caption_recipe(encoder={"tuned": 3}).encoder
    with pytest.raises(ValueError, match=r"encoder\.tuned is 3; efficientnet-lite0 has 2 stages"):
        ImageEncoder(section, 0.0)


def test_a_local_attention_is_refused_a_picture() -> None:
    with pytest.raises(ValidationError, match="a picture has no order"):
        caption_recipe(decoder={"attention": "local-m"})


def serve(artifact: Any, beam: int, *, exact: bool) -> list[SequenceResult]:
    """Return what the engine that serves makes of the pictures."""
    config = EngineConfig(max_rows=16, exact=exact, device="cpu")
    engine = Engine.load(artifact, config, NullObserver())
    engine.start()
    options = DecodeOptions(beam_size=beam, max_tokens=6, want_attention=artifact.manifest.attends)
    items = [SequenceRequest({"image": image}, options) for image in IMAGES]

    async def answers() -> list[SequenceResult]:
        together = list(await engine.submit(items).results())
        return together + [(await engine.submit([item]).results())[0] for item in items]

    try:
        return asyncio.run(answers())
    finally:
        engine.close()


@pytest.mark.parametrize("exact", [False, True])
@pytest.mark.parametrize("place", [0, 3], ids=["attention", "initial state"])
def test_the_engine_serves_an_exported_captioner(tmp_path: Path, place: int, exact: bool) -> None:
    tokenizer = train_word(["a b c d e f g h"], VOCABULARY)
    encoder, decoder = PARTS[place]
    model = build(encoder, decoder)
    recipe = caption_recipe(encoder=encoder, decoder=decoder)
    artifact = write_tiny(tmp_path, recipe, model, tokenizer, source_kind="image")
    inputs = artifact.manifest.signatures.encode.inputs
    assert {name: (t.dtype, t.axes) for name, t in inputs.items()} == {
        "image": ("uint8", ("batch", 8, 8, 3))
    }
    for beam in (1, 3):
        one, two, alone, other = serve(artifact, beam, exact=exact)
        apart = [alone, other]
        assert [r.hypotheses[0].tokens for r in (one, two)] == [
            r.hypotheses[0].tokens for r in apart
        ]
        if exact:
            assert [one, two] == apart
        assert one.hypotheses[0].tokens
        found = one.hypotheses[0].attention
        if artifact.manifest.attends:
            assert found is not None
            assert found.shape == (len(one.hypotheses[0].tokens), PLACES)
            np.testing.assert_allclose(found.sum(axis=-1), 1.0, atol=1e-5)
        else:
            assert found is None
