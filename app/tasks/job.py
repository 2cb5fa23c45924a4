"""What a client asks of a model, and the same checked and made ready for the engine."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from app.artifacts.manifest import LanguagePair, TokenDecoding
from app.engine.request import SequenceRequest
from app.errors import FieldError, InvalidRequest, UnsupportedOption
from app.search.rules import WordLimits
from app.tasks.loaded import LoadedModel
from app.tasks.options import Options, ResolvedOptions, out_of_range, resolve
from app.tasks.text import Reading, check_text


@dataclass(frozen=True)
class Job(ABC):
    """What every task is asked, whatever it reads; the class variables are for its errors."""

    FIELD: ClassVar[str] = "text"
    NOUN: ClassVar[str] = "text"
    NOUNS: ClassVar[str] = "texts"
    ATTENTION: ClassVar[str] = "return_alignments"

    model: str | None = field(default=None, kw_only=True)
    options: Options = field(default_factory=Options, kw_only=True)
    want_alignments: bool = field(default=False, kw_only=True)
    bulk: bool = field(default=False, kw_only=True)

    @property
    @abstractmethod
    def count(self) -> int:
        """How many items are to be worked on."""

    @abstractmethod
    def pointer(self, place: int) -> str:
        """Return where the item at `place` stands in the request."""


@dataclass(frozen=True)
class TextJob(Job):
    """What every task on texts is asked; `listed` says whether `texts` came as a list."""

    texts: tuple[str, ...]
    listed: bool

    @property
    def count(self) -> int:
        """How many texts there are."""
        return len(self.texts)

    def pointer(self, place: int) -> str:
        """Return where the text at `place` stands in the request."""
        return f"/text/{place}" if self.listed else "/text"

    def checked_texts(self) -> list[str]:
        """Return the texts, normalised.

        Raises:
            InvalidRequest: one of them is empty or no text.
        """
        return [check_text(text, self.pointer(place)) for place, text in enumerate(self.texts)]


@dataclass(frozen=True)
class Source:
    """One text as its model reads it, and the languages between which it is to work."""

    reading: Reading
    pair: LanguagePair


@dataclass(frozen=True)
class Prepared:
    """A job that is checked and ready: `items[i]` asks for its item i.

    `sources[i]` is what is read of the text i; images and series have none.
    """

    job: Job
    model: LoadedModel
    items: tuple[SequenceRequest, ...]
    sources: tuple[Source | None, ...]
    seed: int | None

    @property
    def source_tokens(self) -> int:
        """How many ids are read, end tokens included, or steps of series; of images none."""
        texts = sum(len(source.reading.ids) for source in self.sources if source is not None)
        series = [item.source["values"] for item in self.items if "values" in item.source]
        return texts + sum(len(values) for values in series)


def check_count(job: Job, most: int) -> None:
    """Refuse a list that holds nothing, or more than `most`.

    Raises:
        InvalidRequest: it does.
    """
    if not job.count:
        field = FieldError(f"/{job.FIELD}", f"must hold at least one {job.NOUN}")
        raise InvalidRequest("The list is empty.", field)
    if job.count > most:
        message = f"holds {job.count} {job.NOUNS}; the limit is {most}"
        raise InvalidRequest("The list is too long.", FieldError(f"/{job.FIELD}", message))


def resolve_options(job: Job, model: LoadedModel) -> ResolvedOptions:
    """Return the job's options with nothing left open.

    Raises:
        InvalidRequest: an option does not fit the model, another one or the number of items.
        UnsupportedOption: attention is asked of a model that has none.
    """
    if job.want_alignments and not model.artifact.manifest.attends:
        message = f"{model.artifact.name} has no attention to show"
        raise UnsupportedOption(
            "The model cannot do this.", FieldError(f"/{job.ATTENTION}", message)
        )
    options = resolve(job.options, job.want_alignments, model, _forced(job.options, model))
    check_rows(job, options.base.rows, model)
    return options


def check_rows(job: Job, width: int, model: LoadedModel) -> None:
    """Refuse for good what the engine could never hold, however long the client waited.

    Raises:
        InvalidRequest: one item needs more rows than decode at once, or all of them need more than
            may decode and wait together.
    """
    if width > model.max_rows:
        message = f"asks for {width} rows; this service decodes at most {model.max_rows} at once"
        many = "n_best" if job.options.samples else "beam_size"
        raise out_of_range(f"/options/{many}", message)
    rows, limit = job.count * width, model.max_rows + model.max_waiting
    if rows > limit:
        message = (
            f"holds {job.count} {job.NOUNS}, {rows} rows at {width} each; "
            f"the limit is {limit} rows: send at most {limit // width} {job.NOUNS} at once, "
            "or use a smaller beam_size or n_best"
        )
        raise InvalidRequest("The list is too long.", FieldError(f"/{job.FIELD}", message))


def assemble(
    job: TextJob,
    model: LoadedModel,
    options: ResolvedOptions,
    sources: Sequence[Source],
    limits: Sequence[WordLimits | None] | None = None,
) -> Prepared:
    """Return a job on texts for the engine; `limits` are each text's word limits, if it has any."""
    items = tuple(
        SequenceRequest(
            {"tokens": np.asarray(source.reading.ids, np.int32)},
            options.decode(
                place,
                len(source.reading.ids),
                _language_tag(source.pair, model),
                None if limits is None else limits[place],
            ),
        )
        for place, source in enumerate(sources)
    )
    return Prepared(job, model, items, tuple(sources), options.seed)


def _forced(options: Options, model: LoadedModel) -> tuple[int, ...]:
    """Return the ids that every output is to begin with."""
    if options.prefix is None:
        return ()
    pointer = "/options/prefix"
    ids = model.target.encode(check_text(options.prefix, pointer))
    decoding = model.artifact.manifest.decoding
    assert isinstance(decoding, TokenDecoding), "text is decoded as tokens: this is a bug"
    if not {*decoding.never, decoding.eos}.isdisjoint(ids):
        message = f"holds a word that {model.artifact.name} cannot write"
        raise InvalidRequest("An option is out of range.", FieldError(pointer, message))
    return tuple(ids)


def _language_tag(pair: LanguagePair, model: LoadedModel) -> tuple[int, ...]:
    decoding = model.artifact.manifest.decoding
    assert isinstance(decoding, TokenDecoding), "text is decoded as tokens: this is a bug"
    return decoding.prefixes.get(f"{pair.source}-{pair.target}", ())
