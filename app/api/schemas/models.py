"""`GET /v1/models` and `GET /v1/models/{name}`."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from app.api.schemas.base import Wire
from app.artifacts.manifest import Generation, LanguagePair, Licence, Limits, Metric
from app.tasks.loaded import LoadedModel


class ModelOut(Wire):
    """One loaded model."""

    name: str
    version: int
    task: Literal["translate", "summarize", "caption", "generate"]
    summary: str
    languages: list[LanguagePair]
    state: str = Field(description="`ready`, `draining` or `failed`.")
    limits: Limits = Field(description="Tokens that a source and a target may have.")
    generation: Generation = Field(description="Default options.")
    metrics: list[Metric] = Field(description="Measured figures, with their data set and split.")
    licences: list[Licence] = Field(description="Of the data that the model was trained on.")
    commercial_use: bool = Field(description="Whether all these licences allow commercial use.")
    parameters: int

    @classmethod
    def of(cls, model: LoadedModel) -> ModelOut:
        """Return a loaded model as it goes over the wire."""
        manifest = model.artifact.manifest
        return cls(
            name=manifest.name,
            version=manifest.version,
            task=manifest.task,
            summary=manifest.summary,
            languages=list(manifest.languages),
            state=model.engine.state,
            limits=manifest.limits,
            generation=manifest.generation,
            metrics=list(manifest.metrics),
            licences=list(manifest.licences),
            commercial_use=manifest.commercial_use,
            parameters=manifest.parameters,
        )


class ModelsResponse(Wire):
    """All loaded models, sorted by name."""

    models: list[ModelOut]


class Health(Wire):
    """All is well; anything else is a problem with status 503."""

    status: Literal["ok"] = "ok"
