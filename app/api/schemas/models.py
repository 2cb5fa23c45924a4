"""`GET /v1/models` and `GET /v1/models/{name}`."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from app.api.schemas.base import Wire
from app.artifacts.manifest import (
    Generation,
    LanguagePair,
    Licence,
    Limits,
    Manifest,
    Metric,
    ValueDecoding,
)
from app.image.header import FORMATS
from app.image.pool import ImageLimits
from app.tasks.loaded import LoadedModel


class ImageOut(Wire):
    """What a model of images takes, and what of it the service decodes."""

    height: int = Field(description="In pixels; every image is stretched to this size.")
    width: int
    formats: list[str] = Field(description="Told by content, not by name.")
    max_pixels: int = Field(description="That one image may have, before it is stretched.")

    @classmethod
    def of(cls, manifest: Manifest, limits: ImageLimits) -> ImageOut | None:
        """Return what is to be said of a model; None where it takes no images."""
        if manifest.source_kind != "image":
            return None
        height, width = manifest.image_size
        return cls(height=height, width=width, formats=list(FORMATS), max_pixels=limits.max_pixels)


class SeriesOut(Wire):
    """What a model of series takes and gives; only what is one."""

    source_features: int | None = Field(None, description="Numbers in each step that it reads.")
    target_features: int | None = Field(None, description="Numbers in each step that it writes.")
    steps: int | None = Field(None, description="Steps that it writes, always as many.")

    @classmethod
    def of(cls, manifest: Manifest) -> SeriesOut | None:
        """Return what is to be said of a model; None where neither side is numbers."""
        decoding = manifest.decoding
        writes = decoding if isinstance(decoding, ValueDecoding) else None
        if writes is None and manifest.source_kind != "series":
            return None
        return cls(
            source_features=manifest.source_features if manifest.source_kind == "series" else None,
            target_features=None if writes is None else len(writes.start),
            steps=None if writes is None else writes.steps,
        )


class ModelOut(Wire):
    """One loaded model."""

    name: str
    version: int
    task: Literal["translate", "summarize", "caption", "generate"]
    summary: str
    source_kind: Literal["text", "image", "series"] = Field(description="What it reads.")
    target_kind: Literal["text", "series", "label"] = Field(description="What it writes.")
    languages: list[LanguagePair]
    state: str = Field(description="`ready`, `draining` or `failed`.")
    limits: Limits = Field(description="Tokens, or steps, that a source and a target may have.")
    image: ImageOut | None = Field(None, description="Only for models of images.")
    series: SeriesOut | None = Field(None, description="Only for models of numbers.")
    labels: list[str] | None = Field(None, description="Only for classifiers.")
    attends: bool = Field(description="Whether it can say where it looked, if it is asked to.")
    generation: Generation = Field(description="Default options.")
    metrics: list[Metric] = Field(description="Measured figures, with their data set and split.")
    licences: list[Licence] = Field(description="Of the data that the model was trained on.")
    commercial_use: bool = Field(description="Whether all these licences allow commercial use.")
    parameters: int

    @classmethod
    def of(cls, model: LoadedModel, images: ImageLimits) -> ModelOut:
        """Return a loaded model as it goes over the wire."""
        manifest = model.artifact.manifest
        return cls(
            name=manifest.name,
            version=manifest.version,
            task=manifest.task,
            summary=manifest.summary,
            source_kind=manifest.source_kind,
            target_kind=manifest.target_kind,
            languages=list(manifest.languages),
            state=model.engine.state,
            limits=manifest.limits,
            image=ImageOut.of(manifest, images),
            series=SeriesOut.of(manifest),
            labels=list(manifest.labels) or None,
            attends=manifest.attends and manifest.target_kind == "text",
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
