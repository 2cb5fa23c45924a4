"""`POST /v1/summarize`."""

from __future__ import annotations

from typing import Annotated

from pydantic import ConfigDict, Field

from app.api.schemas.base import Wire
from app.api.schemas.options import DecodingOptions
from app.api.schemas.output import ModelRef
from app.api.schemas.text import Language, OutputOut, TextRequest, Usage, best_of
from app.tasks.answer import Answer, Output
from app.tasks.length import Length, Preset
from app.tasks.summarize import SummarizeJob
from app.tasks.text import Reading

Words = Annotated[int | None, Field(ge=1, le=1_000_000)]


class SummarizeOptions(DecodingOptions):
    """How to decode; what is left out is the model's own default (see `/v1/models`).

    A word is what stands between spaces; in scripts that write no spaces, a character.
    """

    min_words: Words = Field(
        None, description="The model may not end a summary before so many words."
    )
    max_words: Words = Field(
        None, description="Words of a summary at most; no word is cut to keep to it."
    )
    length: Preset | None = Field(
        None,
        description="Instead of words: up to a quarter of what the model has room to write, a "
        "quarter to a half, or a half and more.",
    )


class SummarizeRequest(TextRequest):
    """Texts to summarize."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"text": "Shares of Tesla fell more than 7 percent on Tuesday after …"},
                {
                    "text": ["中央气象台今天发布暴雨蓝色预警，预计明后两天…"],
                    "language": "zh",
                    "options": {"beam_size": 4, "max_words": 20},
                },
            ]
        }
    )

    language: Language | None = Field(
        None,
        description="Language of the texts, as a BCP 47 tag; if left out, told by their script.",
    )
    options: SummarizeOptions | None = None

    def job(self) -> SummarizeJob:
        """Return the request as the task takes it."""
        options = self.options or SummarizeOptions()
        return SummarizeJob(
            texts=self.texts,
            listed=self.listed,
            language=self.language,
            length=Length(options.min_words, options.max_words, options.length),
            model=self.model,
            options=options.decoding(),
            want_alignments=self.return_alignments,
            bulk=self.bulk,
        )


class ReadOut(Wire):
    """How much of a text the model read: its beginning, up to the model's `max_source`."""

    tokens: int
    of_tokens: int = Field(description="That the text has; its end token is not counted.")
    characters: int
    of_characters: int = Field(description="That the text has, once normalised.")

    @classmethod
    def of(cls, reading: Reading) -> ReadOut:
        """Return what was read as it goes over the wire."""
        return cls(
            tokens=reading.tokens,
            of_tokens=reading.of_tokens,
            characters=reading.characters,
            of_characters=reading.of_characters,
        )


class SummaryOut(OutputOut):
    """The best summary of one text, and what it was made from."""

    words: int = Field(description="How many words it has, as `max_words` counts them.")
    language: str = Field(description="The language of the text, as given or detected.")
    read: ReadOut


class SummarizeResponse(Wire):
    """Summaries, in the order of the texts."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "model": {"name": "summarize-en", "version": 1},
                    "summaries": [
                        {
                            "text": "Tesla shares fall after deliveries miss estimates",
                            "score": -0.84,
                            "finish_reason": "stop",
                            "words": 7,
                            "language": "en",
                            "read": {
                                "tokens": 127,
                                "of_tokens": 512,
                                "characters": 574,
                                "of_characters": 2310,
                            },
                        }
                    ],
                    "usage": {"source_tokens": 128, "target_tokens": 11},
                }
            ]
        }
    )

    model: ModelRef
    summaries: list[SummaryOut]
    usage: Usage
    seed: int | None = Field(None, description="What samples were drawn by.")

    @classmethod
    def of(cls, answer: Answer) -> SummarizeResponse:
        """Return the task's answer as it goes over the wire."""
        return cls(
            model=ModelRef.of(answer),
            summaries=[_summary(item) for item in answer.items],
            usage=Usage.of(answer),
            seed=answer.seed,
        )


def _summary(item: Output) -> SummaryOut:
    assert item.source is not None, "a text has a source: this is a bug"
    return SummaryOut(
        **best_of(item),
        words=item.candidates[0].words,
        language=item.source.pair.source,
        read=ReadOut.of(item.source.reading),
    )
