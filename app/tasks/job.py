"""What a client asks to be translated, checked and tokenized for the engine."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from app.artifacts.manifest import TokenDecoding
from app.engine.request import SequenceRequest
from app.errors import FieldError, InvalidRequest
from app.tasks.loaded import LoadedModel
from app.tasks.options import Options, check_rows, resolve
from app.tasks.text import check_text, encode_texts


@dataclass(frozen=True)
class TranslateJob:
    """What a client asks for; `listed` says whether `texts` came as a list."""

    texts: tuple[str, ...]
    listed: bool
    target: str
    source: str | None = None
    model: str | None = None
    options: Options = field(default_factory=Options)
    want_alignments: bool = False
    bulk: bool = False

    def pointer(self, place: int) -> str:
        """Return where the text at `place` stands in the request."""
        return f"/text/{place}" if self.listed else "/text"


@dataclass(frozen=True)
class Prepared:
    """A job that is checked and tokenized: `items[i]` is `job.texts[i]`."""

    job: TranslateJob
    model: LoadedModel
    items: tuple[SequenceRequest, ...]
    seed: int | None

    @property
    def source_tokens(self) -> int:
        """How many ids the texts have, end tokens included."""
        return sum(int(item.source["tokens"].size) for item in self.items)


def prepare(job: TranslateJob, model: LoadedModel) -> Prepared:
    """Check and tokenize every text of `job`; the first that is wrong fails the whole list."""
    manifest = model.artifact.manifest
    options = resolve(job.options, job.want_alignments, model, _forced(job.options, model))
    check_rows(len(job.texts), options.base.rows, model)
    tag = _language_tag(job, model)
    pointers = [job.pointer(place) for place in range(len(job.texts))]
    texts = [check_text(text, at) for text, at in zip(job.texts, pointers, strict=True)]
    items = tuple(
        SequenceRequest({"tokens": np.asarray(ids, np.int32)}, options.decode(place, len(ids), tag))
        for place, ids in enumerate(encode_texts(texts, pointers, model.source, manifest))
    )
    return Prepared(job, model, items, options.seed)


def _forced(options: Options, model: LoadedModel) -> tuple[int, ...]:
    """Return the ids that every translation is to begin with."""
    if options.prefix is None:
        return ()
    pointer = "/options/prefix"
    ids = model.target.encode(check_text(options.prefix, pointer))
    decoding = model.artifact.manifest.decoding
    assert isinstance(decoding, TokenDecoding), "a translator decodes tokens: this is a bug"
    if not {*decoding.never, decoding.eos}.isdisjoint(ids):
        message = f"holds a word that {model.artifact.name} cannot write"
        raise InvalidRequest("An option is out of range.", FieldError(pointer, message))
    return tuple(ids)


def _language_tag(job: TranslateJob, model: LoadedModel) -> tuple[int, ...]:
    manifest = model.artifact.manifest
    if not isinstance(manifest.decoding, TokenDecoding) or not manifest.decoding.prefixes:
        return ()
    for pair in manifest.languages:
        source_fits = job.source is None or pair.source.lower() == job.source.lower()
        if source_fits and pair.target.lower() == job.target.lower():
            return manifest.decoding.prefixes.get(f"{pair.source}-{pair.target}", ())
    return ()
