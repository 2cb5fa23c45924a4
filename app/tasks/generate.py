"""Generate: ask any model for what it does, by its own contract."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, fields

import numpy as np

from app.artifacts.manifest import LanguagePair
from app.engine.request import SequenceRequest
from app.errors import FieldError, InvalidRequest, UnsupportedOption
from app.tasks.job import (
    Job,
    Prepared,
    Source,
    TextJob,
    assemble,
    check_count,
    check_rows,
    resolve_options,
)
from app.tasks.loaded import LoadedModel
from app.tasks.options import Options
from app.tasks.series import SeriesJob, read_series, split
from app.tasks.task import LARGE, Task
from app.tasks.text import Reading, read_beginnings, read_whole

MANY_NUMBERS = 5_000  # beyond which reading them would hold up the event loop
UNDETERMINED = LanguagePair(source="und", target="und")


@dataclass(frozen=True)
class GenerateJob(Job):
    """Texts or series, whichever the model reads; `values` are still as they were sent.

    `listed` says whether `texts` came as a list.
    """

    texts: tuple[str, ...] | None = None
    values: list[object] | None = None
    listed: bool = False

    @property
    def count(self) -> int:
        """How many texts there are; how many series, only the model can tell."""
        return len(self.texts or ())

    def pointer(self, place: int) -> str:
        """Return where the text at `place` stands in the request."""
        return f"/text/{place}" if self.listed else "/text"

    @property
    def is_large(self) -> bool:
        """Whether reading it takes long."""
        letters = sum(map(len, self.texts or ()))
        numbers = sum(map(_numbers, self.values or ()))
        return letters > LARGE or numbers > MANY_NUMBERS


def _numbers(one: object) -> int:
    """Count the numbers of a number, a step or a series, whose steps are all like its first.

    Reading refuses the first step of another length, and so reads no more than this.
    """
    if not isinstance(one, list):
        return 1
    return len(one) * (len(one[0]) if one and isinstance(one[0], list) else 1)


class Generator(Task[GenerateJob]):
    """Generate with any model of a catalogue."""

    async def prepare(self, job: GenerateJob) -> Prepared:
        """Check a job and make it ready; in a thread where it is large.

        Raises:
            UnknownModel: no model of that name.
            InvalidRequest: a field is wrong, or of another kind than the model reads.
        """
        assert job.model is not None, "the path names the model: this is a bug"
        model = self._catalogue.get(job.model)
        kind = sent(job, model)
        if job.is_large:
            return await asyncio.to_thread(self._prepare, kind, model)
        return self._prepare(kind, model)

    def _prepare(self, job: TextJob | SeriesJob, model: LoadedModel) -> Prepared:
        check_count(job, self._max_items)
        return prepare(job, model)


def sent(job: GenerateJob, model: LoadedModel) -> TextJob | SeriesJob:
    """Return what of `job` the model reads, as a job of that kind.

    Raises:
        InvalidRequest: it is missing, or something else is there.
    """
    name, reads = model.artifact.name, model.artifact.manifest.source_kind
    if reads == "image":
        message = f"{name} reads images: send them to /v1/caption"
        raise InvalidRequest("The model reads something else.", FieldError("", message))
    wanted, other = ("text", "values") if reads == "text" else ("values", "text")
    given = {"text": job.texts, "values": job.values}
    if given[other] is not None:
        field = FieldError(f"/{other}", f"is not what {name} reads: send `{wanted}`")
        raise InvalidRequest("The model reads something else.", field)
    shared = {field.name: getattr(job, field.name) for field in fields(Job)}
    if reads == "text" and job.texts is not None:
        return TextJob(job.texts, job.listed, **shared)
    if reads == "series" and job.values is not None:
        series, listed = split(job.values, model.artifact.manifest.source_features)
        return SeriesJob(series, listed, **shared)
    raise InvalidRequest("Nothing was sent.", FieldError(f"/{wanted}", f"is what {name} reads"))


def prepare(job: TextJob | SeriesJob, model: LoadedModel) -> Prepared:
    """Check and read every item of `job`; the first that is wrong fails the whole list.

    Raises:
        InvalidRequest: an item or an option is wrong.
        UnsupportedOption: there is nothing to choose where numbers or labels are written.
    """
    writes = model.artifact.manifest.target_kind
    if isinstance(job, TextJob) and writes == "text":
        options = resolve_options(job, model)
        return assemble(job, model, options, _read(job, model))
    _refuse_options(job, model)
    check_rows(job, 1, model)
    if isinstance(job, TextJob):
        sources = tuple(_read(job, model))
        ids = [np.asarray(source.reading.ids, np.int32) for source in sources]
        items = tuple(SequenceRequest({"tokens": tokens}) for tokens in ids)
        return Prepared(job, model, items, sources, None)
    manifest = model.artifact.manifest
    series = [read_series(one, manifest, job.pointer(at)) for at, one in enumerate(job.series)]
    items = tuple(
        SequenceRequest({"values": values, "mask": np.ones(len(values), np.bool_)})
        for values in series
    )
    return Prepared(job, model, items, (None,) * len(items), None)


def _read(job: TextJob, model: LoadedModel) -> list[Source]:
    """Read the texts: of long ones the beginning where the answer is short by nature."""
    manifest = model.artifact.manifest
    texts = job.checked_texts()
    readings: list[Reading]
    if manifest.task == "summarize" or manifest.target_kind != "text":
        readings = read_beginnings(texts, model.source, manifest)
    else:
        pointers = [job.pointer(place) for place in range(len(texts))]
        readings = read_whole(texts, pointers, model.source, manifest)
    pair = manifest.languages[0] if manifest.languages else UNDETERMINED
    return [Source(reading, pair) for reading in readings]


def _refuse_options(job: Job, model: LoadedModel) -> None:
    what = "numbers" if model.artifact.manifest.target_kind == "series" else "labels"
    message = f"is not for {model.artifact.name}: it writes {what}, and nothing is searched for"
    options = [(field.name, field.default) for field in fields(Options)]
    asked = [name for name, usual in options if getattr(job.options, name) != usual]
    pointers = [f"/options/{name}" for name in asked]
    if job.want_alignments:
        pointers.append(f"/{job.ATTENTION}")
    if pointers:
        errors = [FieldError(pointer, message) for pointer in pointers]
        raise UnsupportedOption("The model cannot do this.", *errors)
