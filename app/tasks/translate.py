"""Translate: pick the model of a language pair, and prepare the texts for it."""

from __future__ import annotations

from dataclasses import dataclass

from app.artifacts.manifest import LanguagePair
from app.tasks.job import Prepared, Source, TextJob, assemble, check_count, resolve_options
from app.tasks.loaded import LoadedModel
from app.tasks.task import TextTask
from app.tasks.text import read_whole


@dataclass(frozen=True)
class TranslateJob(TextJob):
    """Texts to translate into `target`; `source` is None where the client leaves it open."""

    target: str
    source: str | None = None


class Translator(TextTask[TranslateJob]):
    """Translate with the models of a catalogue."""

    def _prepare(self, job: TranslateJob) -> Prepared:
        """Check and tokenize a job.

        Raises:
            InvalidRequest: a field is wrong; the error points to it.
            NotFound: no model of that name, or none for these languages.
        """
        model = self._catalogue.translator(job.source, job.target, job.model)
        check_count(job, self._max_items)
        return prepare(job, model)


def prepare(job: TranslateJob, model: LoadedModel) -> Prepared:
    """Check and tokenize every text of `job`; the first that is wrong fails the whole list."""
    options = resolve_options(job, model)
    pair = _pair(job, model)
    texts = job.checked_texts()
    pointers = [job.pointer(place) for place in range(len(texts))]
    readings = read_whole(texts, pointers, model.source, model.artifact.manifest)
    return assemble(job, model, options, [Source(reading, pair) for reading in readings])


def _pair(job: TranslateJob, model: LoadedModel) -> LanguagePair:
    for pair in model.artifact.manifest.languages:
        source_fits = job.source is None or pair.source.lower() == job.source.lower()
        if source_fits and pair.target.lower() == job.target.lower():
            return pair
    return LanguagePair(source=job.source or "und", target=job.target)
