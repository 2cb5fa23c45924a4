"""Load every model of a folder; slow, so it runs in a thread of its own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from app.artifacts.store import Artifact, discover, open_artifact
from app.engine.config import EngineConfig
from app.engine.engine import Engine
from app.engine.observer import Observer
from app.errors import ArtifactError
from app.tasks.loaded import LoadedModel, load_tokenizers


def open_models(root: Path, *, verify_hashes: bool) -> list[Artifact]:
    """Check the newest version of every model under `root`, before TensorFlow is even imported.

    Raises:
        ArtifactError: a model is refused, or there is none.
    """
    artifacts = [open_artifact(path, verify_hashes=verify_hashes) for path in discover(root)]
    if not artifacts:
        raise ArtifactError(f"{root} holds no model; set DRAGOMAN_MODELS to a folder of models")
    return artifacts


def load_model(artifact: Artifact, config: EngineConfig, observer: Observer) -> LoadedModel:
    """Start the engine of one model.

    Raises:
        ArtifactError: the model's files cannot be loaded.
    """
    source, target = load_tokenizers(artifact)
    engine = Engine.load(artifact, config, observer)
    engine.start()
    return LoadedModel(artifact, engine, source, target, config.max_rows, config.max_waiting)


def load_models(
    root: Path,
    config: EngineConfig,
    *,
    verify_hashes: bool,
    observe: Callable[[str], Observer],
    stopped: Callable[[], bool],
) -> list[LoadedModel]:
    """Load all models of `root`; those that were started are closed again when one fails.

    Args:
        root: the folder of models.
        config: how each engine runs.
        verify_hashes: whether every file is read and compared with its SHA-256.
        observe: gives the observer of the model of that name.
        stopped: asked before each model; once it says yes, loading ends early.

    Raises:
        ArtifactError: a model is refused, or there is none.
    """
    loaded: list[LoadedModel] = []
    try:
        for artifact in open_models(root, verify_hashes=verify_hashes):
            if stopped():
                break
            loaded.append(load_model(artifact, config, observe(artifact.name)))
    except BaseException:
        for model in loaded:
            model.engine.close()
        raise
    return loaded
