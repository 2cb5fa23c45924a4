"""Summarize: tell the language, pick its model, and prepare what the model reads of each text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from app.artifacts.manifest import LanguagePair
from app.errors import FieldError, InvalidRequest
from app.tasks.job import Prepared, Source, TextJob, assemble, check_count, resolve_options
from app.tasks.language import languages_of
from app.tasks.length import Length
from app.tasks.loaded import LoadedModel
from app.tasks.task import TextTask
from app.tasks.text import read_beginnings
from app.text.words import TokenWords


@dataclass(frozen=True)
class SummarizeJob(TextJob):
    """Texts to summarize; `language` is None where it is to be detected in each of them."""

    language: str | None = None
    length: Length = field(default_factory=Length)


class Summarizer(TextTask[SummarizeJob]):
    """Summarize with the models of a catalogue."""

    def _prepare(self, job: SummarizeJob) -> Prepared:
        """Check and tokenize a job.

        Raises:
            InvalidRequest: a field is wrong, or the texts need more than one model.
            NotFound: no model of that name, or none that summarizes in a text's language.
        """
        models = self._catalogue.doing("summarize", job.model)
        check_count(job, self._max_items)
        texts = job.checked_texts()
        pointers = [job.pointer(place) for place in range(len(texts))]
        offered = sorted({pair.source for model in models for pair in _pairs(model)})
        languages = languages_of(texts, pointers, job.language, offered)
        return prepare(job, texts, languages, _model_of(languages, pointers, models))


def prepare(
    job: SummarizeJob, texts: Sequence[str], languages: Sequence[str], model: LoadedModel
) -> Prepared:
    """Tokenize what `model` reads of each of the checked `texts`; what is beyond is left out.

    Raises:
        InvalidRequest: an option does not fit the model or another option.
    """
    options = resolve_options(job, model)
    job.length.check()
    pairs = {pair.source: pair for pair in _pairs(model)}
    readings = read_beginnings(texts, model.source, model.artifact.manifest)
    sources = [
        Source(reading, pairs[language])
        for reading, language in zip(readings, languages, strict=True)
    ]
    words = TokenWords(model.target)
    limits = {
        language: job.length.limits(pairs[language].target, options, words)
        for language in sorted(set(languages))
    }
    return assemble(job, model, options, sources, [limits[language] for language in languages])


def _pairs(model: LoadedModel) -> tuple[LanguagePair, ...]:
    return model.artifact.manifest.languages


def _model_of(
    languages: Sequence[str], pointers: Sequence[str], models: Sequence[LoadedModel]
) -> LoadedModel:
    """Return the first model that reads all of `languages`: a list is one batch of one model."""
    for model in models:
        if {pair.source for pair in _pairs(model)}.issuperset(languages):
            return model
    place = next(place for place, one in enumerate(languages) if one != languages[0])
    message = f"is in {languages[place]}, {pointers[0]} in {languages[0]}, and no model reads both"
    raise InvalidRequest(
        "The texts need several models: send one request for each language.",
        FieldError(pointers[place], message),
    )
