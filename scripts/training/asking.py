"""Ask a model for what it does, into its first target language unless another is named."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import JsonValue

from app.artifacts.manifest import Manifest
from app.engine.request import SequenceRequest, SequenceResult
from app.errors import ArtifactError
from app.tasks import caption, generate, summarize, translate
from app.tasks.caption import CaptionJob
from app.tasks.job import Prepared, TextJob
from app.tasks.loaded import LoadedModel
from app.tasks.options import Options
from app.tasks.series import SeriesJob
from app.tasks.summarize import SummarizeJob
from app.tasks.translate import TranslateJob
from scripts.training.drawings import DRAWINGS, draw
from scripts.training.images import read_image

Source = JsonValue | Path
"""A text; a picture: the path of a file, or `{"drawing": NAME}` for one drawn by code; a series."""


def requests_of(
    sources: Sequence[Source],
    model: LoadedModel,
    options: Options,
    *,
    listed: bool = True,
    target: str = "",
) -> tuple[SequenceRequest, ...]:
    """Return what the engine is asked for `sources`: all texts, all pictures or all series.

    `target` is the language to translate into, if not the first.

    Raises:
        InvalidRequest: as `prepare` does.
        ArtifactError: a source is none that this model reads, or `target` none that it writes.
        OSError: a picture cannot be read.
    """
    manifest = model.artifact.manifest
    if manifest.source_kind == "text":
        texts = [source for source in sources if isinstance(source, str)]
        if len(texts) < len(sources):
            raise ArtifactError("its input is not a text; export the model again")
        return prepare(texts, model, options, listed=listed, target=target).items
    if manifest.source_kind == "series":
        return generate.prepare(SeriesJob(tuple(sources), listed, options=options), model).items
    pictures = [pixels(source, manifest) for source in sources]
    job = CaptionJob((b"",) * len(pictures), True, options=options)
    return caption.prepare(job, pictures, model).items


def pixels(source: Source, manifest: Manifest) -> NDArray[np.uint8]:
    """Return a picture as uint8 [height, width, 3], of the size that the model takes.

    Raises:
        ArtifactError: `source` is no picture.
        OSError: it cannot be read.
    """
    axes: tuple[Any, ...] = manifest.signatures.encode.inputs["image"].axes
    if isinstance(source, Path):
        return read_image(source, axes[1])
    name = source.get("drawing") if isinstance(source, dict) else None
    if not isinstance(name, str) or name not in DRAWINGS:
        raise ArtifactError(f"its input is no drawing of {', '.join(DRAWINGS)}")
    return draw(name, axes[1], axes[2])


def prepare(
    texts: Sequence[str],
    model: LoadedModel,
    options: Options,
    *,
    listed: bool = True,
    target: str = "",
    want_alignments: bool = False,
) -> Prepared:
    """Check and tokenize `texts` as the service would; `listed` says how an error points to one.

    Raises:
        ArtifactError: it is to translate into `target`, and cannot.
        InvalidRequest: a text cannot be read, an option is wrong, or a text to translate is longer
            than the model reads. Of a text to summarize the beginning is read.
    """
    manifest = model.artifact.manifest
    if manifest.task == "generate":
        job = TextJob(tuple(texts), listed, options=options, want_alignments=want_alignments)
        return generate.prepare(job, model)
    if manifest.task == "summarize":
        language = manifest.languages[0].source
        shorten = SummarizeJob(
            tuple(texts), listed, language, options=options, want_alignments=want_alignments
        )
        languages = [language] * len(texts)
        return summarize.prepare(shorten, shorten.checked_texts(), languages, model)
    into = [pair for pair in manifest.languages if target in ("", pair.target)]
    if not into:
        raise ArtifactError(f"{manifest.name} does not translate into {target}")
    translated = TranslateJob(
        tuple(texts),
        listed,
        into[0].target,
        into[0].source,
        options=options,
        want_alignments=want_alignments,
    )
    return translate.prepare(translated, model)


def output_of(result: SequenceResult, model: LoadedModel) -> JsonValue:
    """Return the best of a result as golden examples keep it.

    A text; a series [steps][features], or [steps] where a step is one number; or every label with
    its probability, the likeliest first.
    """
    if result.values:
        return [list(step) if len(step) > 1 else step[0] for step in result.values]
    labels = model.artifact.manifest.labels
    return labels_of(result, labels) if labels else model.target.decode(result.hypotheses[0].tokens)


def labels_of(result: SequenceResult, labels: Sequence[str]) -> JsonValue:
    """Return what a classifier of `labels` says, as golden examples keep it."""
    found = [(one.tokens[0], one.log_probability) for one in result.hypotheses]
    return [[labels[label], round(math.exp(gain), 6)] for label, gain in found]
