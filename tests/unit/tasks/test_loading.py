from __future__ import annotations

from pathlib import Path

import pytest

from app.engine.config import EngineConfig
from app.engine.observer import NullObserver
from app.errors import ArtifactError
from app.tasks import loading
from app.tasks.loaded import LoadedModel, load_tokenizers
from app.tasks.loading import load_models
from tests.fakes.engine import FakeEngine
from tests.fakes.models import model


def load(root: Path, stopped: bool = False) -> list[LoadedModel]:
    return load_models(
        root,
        EngineConfig(),
        verify_hashes=True,
        observe=lambda _: NullObserver(),
        stopped=lambda: stopped,
    )


def test_a_folder_without_models_is_refused_with_the_fix(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match="holds no model; set DRAGOMAN_MODELS"):
        load(tmp_path)


def test_a_missing_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match="DRAGOMAN_MODELS"):
        load(tmp_path / "none")


def test_models_that_started_are_closed_when_another_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = model("first", FakeEngine()), model("second")

    def load_one(artifact: object, config: object, observer: object) -> LoadedModel:
        if artifact is second.artifact:
            raise ArtifactError("broken")
        return first

    monkeypatch.setattr(loading, "open_models", lambda *_, **__: [first.artifact, second.artifact])
    monkeypatch.setattr(loading, "load_model", load_one)
    with pytest.raises(ArtifactError, match="broken"):
        load(tmp_path)
    assert first.engine.state == "draining"


def test_loading_ends_early_when_the_service_stops(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loading, "open_models", lambda *_, **__: [model().artifact])
    assert load(tmp_path, stopped=True) == []


def test_a_model_without_tokenizers_is_refused() -> None:
    with pytest.raises(ArtifactError, match="lacks `text`"):
        load_tokenizers(model(text=None).artifact)


def test_a_file_that_is_no_tokenizer_is_refused() -> None:
    with pytest.raises(ArtifactError, match="export the model again"):
        load_tokenizers(model().artifact)
