"""`POST /v1/translate`."""

from __future__ import annotations

from pydantic import ConfigDict, Field

from app.api.schemas.base import Wire
from app.api.schemas.options import DecodingOptions
from app.api.schemas.output import ModelRef
from app.api.schemas.request import ModelName
from app.api.schemas.text import Language, OutputOut, TextRequest, Usage, best_of
from app.tasks.answer import Answer
from app.tasks.translate import TranslateJob


class TranslateOptions(DecodingOptions):
    """How to decode; what is left out is the model's own default (see `/v1/models`)."""


class TranslateRequest(TextRequest):
    """Texts to translate."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"text": "Where is the station?", "target": "fr"},
                {
                    "text": ["Good morning.", "I lost my key."],
                    "source": "en",
                    "target": "fr",
                    "options": {"beam_size": 4, "n_best": 2},
                    "return_alignments": True,
                },
            ]
        }
    )

    model: ModelName | None = Field(
        None,
        description="The model; if left out, of those that fit the one of the fewest language "
        "pairs, the first by name of several.",
    )
    target: Language = Field(description="Language to translate into, as a BCP 47 tag.")
    source: Language | None = Field(None, description="Language of the text.")
    options: TranslateOptions | None = None

    def job(self) -> TranslateJob:
        """Return the request as the task takes it."""
        return TranslateJob(
            texts=self.texts,
            listed=self.listed,
            target=self.target,
            source=self.source,
            model=self.model,
            options=(self.options or TranslateOptions()).decoding(),
            want_alignments=self.return_alignments,
            bulk=self.bulk,
        )


class TranslationOut(OutputOut):
    """The best translation of one text."""


class TranslateResponse(Wire):
    """Translations, in the order of the texts."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "model": {"name": "translate-en-fr", "version": 1},
                    "translations": [
                        {"text": "Où est la gare ?", "score": -0.21, "finish_reason": "stop"}
                    ],
                    "usage": {"source_tokens": 6, "target_tokens": 6},
                }
            ]
        }
    )

    model: ModelRef
    translations: list[TranslationOut]
    usage: Usage
    seed: int | None = Field(None, description="What samples were drawn by.")

    @classmethod
    def of(cls, answer: Answer) -> TranslateResponse:
        """Return the task's answer as it goes over the wire."""
        return cls(
            model=ModelRef.of(answer),
            translations=[TranslationOut(**best_of(item)) for item in answer.items],
            usage=Usage.of(answer),
            seed=answer.seed,
        )
