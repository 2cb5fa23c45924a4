"""Loaded models without TensorFlow: the toy's manifest, word tokenizers and a fake engine."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from app.artifacts.manifest import LanguagePair, Manifest, Signatures
from app.artifacts.store import Artifact
from app.engine.observer import Observer
from app.tasks.loaded import LoadedModel
from app.text.tokenizer import SPECIAL_TOKENS, Tokenizer
from tests.fakes.engine import FakeEngine
from tests.fakes.toy_artifact import (
    COLOURS,
    SOURCE_WORDS,
    _captioner,
    _manifest,
    word_tokenizer,
)
from tests.fakes.toy_labels import labels_manifest
from tests.fakes.toy_series import series_manifest


def manifest(name: str = "toy-en-fr", **changes: object) -> Manifest:
    """The toy's manifest: en-fr, 32 source tokens, beam 2."""
    return _manifest(name, 1).model_copy(update=changes)


def model(
    name: str = "toy-en-fr",
    engine: FakeEngine | None = None,
    pairs: Sequence[tuple[str, str]] = (("en", "fr"),),
    max_rows: int = 8,
    max_waiting: int = 8,
    **changes: object,
) -> LoadedModel:
    """A model that answers with the words of the source, the last first."""
    languages = tuple(LanguagePair(source=one, target=two) for one, two in pairs)
    tokenizer = Tokenizer(word_tokenizer(SOURCE_WORDS))
    return LoadedModel(
        Artifact(Path("models") / name / "1", manifest(name, languages=languages, **changes)),
        engine or FakeEngine(),
        tokenizer,
        tokenizer,
        max_rows,
        max_waiting,
    )


def captioner(
    name: str = "toy-colours", engine: FakeEngine | None = None, **changes: object
) -> LoadedModel:
    """A model that names the colours of four cells, the last first."""
    words = (*SPECIAL_TOKENS, *COLOURS)
    tokenizer = Tokenizer(word_tokenizer(words))
    about = _captioner(name, 1).model_copy(update=changes)
    artifact = Artifact(Path("models") / name / "1", about)
    return LoadedModel(artifact, engine or FakeEngine(), tokenizer, tokenizer, 8, 8)


def without_attention(signatures: Signatures) -> Signatures:
    """The signatures of the same model, had its decoder no attention."""
    step = signatures.step
    outputs = {name: one for name, one in step.outputs.items() if name != "attention"}
    return signatures.model_copy(update={"step": step.model_copy(update={"outputs": outputs})})


def series(engine: FakeEngine | None = None, features: int = 1, **changes: object) -> LoadedModel:
    """A model that reads 2 to 8 steps and gives them back, the last first."""
    about = series_manifest(features=features).model_copy(update=changes)
    artifact = Artifact(Path("models") / about.name / "1", about)
    return LoadedModel(artifact, engine or FakeEngine(), None, None, 8, 8)


def classifier(engine: FakeEngine | None = None) -> LoadedModel:
    """A model that finds every text `one` with 3, `four` with 2 and `nine` with 1 in 6."""
    about = labels_manifest()
    artifact = Artifact(Path("models") / about.name / "1", about)
    tokenizer = Tokenizer(word_tokenizer(SOURCE_WORDS))
    return LoadedModel(
        artifact, engine or FakeEngine(labels=len(about.labels)), tokenizer, None, 8, 8
    )


class FakeLoader:
    """Gives `models` at once, or raises `error`."""

    def __init__(self, *models: LoadedModel, error: Exception | None = None) -> None:
        self.models, self.error = models, error

    def __call__(
        self, observe: Callable[[str], Observer], stopped: Callable[[], bool]
    ) -> Sequence[LoadedModel]:
        for loaded in self.models:
            observe(loaded.artifact.name).step(1, 1, 0.001)
        if self.error is not None:
            raise self.error
        return self.models
