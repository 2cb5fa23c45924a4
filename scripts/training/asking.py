"""Ask a model for what it does, in its first language pair: no request names task or language."""

from __future__ import annotations

from collections.abc import Sequence

from app.tasks import summarize, translate
from app.tasks.job import Prepared
from app.tasks.loaded import LoadedModel
from app.tasks.options import Options
from app.tasks.summarize import SummarizeJob
from app.tasks.translate import TranslateJob


def prepare(
    texts: Sequence[str], model: LoadedModel, options: Options, *, listed: bool = True
) -> Prepared:
    """Check and tokenize `texts` as the service would; `listed` says how an error points to one.

    Raises:
        InvalidRequest: a text cannot be read, an option is wrong, or a text to translate is longer
            than the model reads. Of a text to summarize the beginning is read.
    """
    manifest = model.artifact.manifest
    pair = manifest.languages[0]
    if manifest.task == "summarize":
        shorten = SummarizeJob(tuple(texts), listed, pair.source, options=options)
        languages = [pair.source] * len(texts)
        return summarize.prepare(shorten, shorten.checked_texts(), languages, model)
    job = TranslateJob(tuple(texts), listed, pair.target, pair.source, options=options)
    return translate.prepare(job, model)
