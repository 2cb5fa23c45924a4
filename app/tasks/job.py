"""What a client asks of a text model, and the same checked and tokenized for the engine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from app.artifacts.manifest import LanguagePair, TokenDecoding
from app.engine.request import SequenceRequest
from app.errors import FieldError, InvalidRequest
from app.search.rules import WordLimits
from app.tasks.loaded import LoadedModel
from app.tasks.options import Options, ResolvedOptions, check_rows, resolve
from app.tasks.text import Reading, check_text


@dataclass(frozen=True)
class TextJob:
    """What every task on texts is asked; `listed` says whether `texts` came as a list."""

    texts: tuple[str, ...]
    listed: bool
    model: str | None = field(default=None, kw_only=True)
    options: Options = field(default_factory=Options, kw_only=True)
    want_alignments: bool = field(default=False, kw_only=True)
    bulk: bool = field(default=False, kw_only=True)

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
    """A job that is checked and tokenized: `items[i]` asks for `job.texts[i]`, by `sources[i]`."""

    job: TextJob
    model: LoadedModel
    items: tuple[SequenceRequest, ...]
    sources: tuple[Source, ...]
    seed: int | None

    @property
    def source_tokens(self) -> int:
        """How many ids are read, end tokens included."""
        return sum(int(item.source["tokens"].size) for item in self.items)


def check_count(count: int, most: int) -> None:
    """Refuse a list that holds no text, or more than `most`.

    Raises:
        InvalidRequest: it does.
    """
    if not count:
        message = "must hold at least one text"
        raise InvalidRequest("The list is empty.", FieldError("/text", message))
    if count > most:
        message = f"holds {count} texts; the limit is {most}"
        raise InvalidRequest("The list is too long.", FieldError("/text", message))


def resolve_options(job: TextJob, model: LoadedModel) -> ResolvedOptions:
    """Return the job's options with nothing left open.

    Raises:
        InvalidRequest: an option does not fit the model, another one or the number of texts.
        UnsupportedOption: alignments are asked of a model that does not attend.
    """
    options = resolve(job.options, job.want_alignments, model, _forced(job.options, model))
    check_rows(len(job.texts), options.base.rows, model)
    return options


def assemble(
    job: TextJob,
    model: LoadedModel,
    options: ResolvedOptions,
    sources: Sequence[Source],
    limits: Sequence[WordLimits | None] | None = None,
) -> Prepared:
    """Return the job for the engine; `limits` are each text's word limits, if it has any."""
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
