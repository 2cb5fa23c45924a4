"""`POST /v1/translate`."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Discriminator, Field, FiniteFloat, Tag

from app.api.schemas.base import Wire
from app.tasks.answer import Alignment, Candidate, Translation, Translations
from app.tasks.job import TranslateJob
from app.tasks.options import SEEDS, Options

ONE, MANY = "one text", "many texts"
TEXT_TAGS = (ONE, MANY)
"""Parts of an error's location that name a branch of a union, not a field."""

Language = Annotated[str, Field(pattern=r"^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$", max_length=35)]
ModelName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]*$", max_length=100)]


def _kind(value: Any) -> str | None:
    if isinstance(value, str):
        return ONE
    return MANY if isinstance(value, list) else None


Texts = Annotated[
    Annotated[str, Tag(ONE)] | Annotated[list[str], Field(fail_fast=True), Tag(MANY)],
    Discriminator(_kind),
]


class TranslateOptions(Wire):
    """How to decode; what is left out is the model's own default (see `/v1/models`)."""

    beam_size: Annotated[int | None, Field(ge=1, le=16)] = Field(
        None, description="Hypotheses kept at each step; 1 is greedy."
    )
    n_best: Annotated[int | None, Field(ge=1, le=16)] = Field(
        None,
        description="Translations of each text, at most `beam_size` unless they are sampled; "
        "1 if left out.",
    )
    max_tokens: Annotated[int | None, Field(ge=1, le=1_000_000)] = Field(
        None, description="Tokens of a translation, at most the model's `max_target`."
    )
    min_tokens: Annotated[int | None, Field(ge=0, le=1_000_000)] = Field(
        None, description="The model may not end a translation before so many tokens."
    )
    length_penalty: Annotated[FiniteFloat | None, Field(ge=0.0, le=5.0)] = Field(
        None, description="Scores are log p / length^penalty: more favours longer translations."
    )
    no_repeat_ngram_size: Annotated[int | None, Field(ge=2, le=16)] = Field(
        None, description="No run of so many tokens comes twice in a translation."
    )
    repetition_guard: bool = Field(
        True, description="Break loops: a phrase may follow itself three times at most."
    )
    prefix: Annotated[str | None, Field(max_length=2000)] = Field(
        None, description="What every translation must begin with."
    )
    temperature: Annotated[FiniteFloat | None, Field(ge=0.01, le=10.0)] = Field(
        None, description="Sample instead of searching; below 1 keeps to the probable."
    )
    top_k: Annotated[int | None, Field(ge=1, le=256)] = Field(
        None, description="Sample among so many of the most probable tokens; 256 if left out."
    )
    top_p: Annotated[FiniteFloat | None, Field(gt=0.0, le=1.0)] = Field(
        None, description="Sample among the fewest tokens that together are so probable."
    )
    seed: Annotated[int | None, Field(ge=0, lt=SEEDS)] = Field(
        None, description="The same seed draws the same translations; left out, a new one is used."
    )


class TranslateRequest(Wire):
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

    text: Texts = Field(
        description="One text, or a list that is decoded as one batch. A list is all or nothing."
    )
    target: Language = Field(description="Language to translate into, as a BCP 47 tag.")
    source: Language | None = Field(None, description="Language of the text.")
    model: ModelName | None = Field(
        None, description="The model; if left out, the first by name that fits the languages."
    )
    options: TranslateOptions | None = None
    return_alignments: bool = Field(
        False, description="Whether to say which source tokens each target token attended to."
    )

    priority: Literal["interactive", "bulk"] = Field(
        "interactive", description="`bulk` lets others go first; it is not starved."
    )
    deadline_ms: Annotated[int | None, Field(ge=1, le=86_400_000)] = Field(
        None, description="Give up with 504 after so long; never later than the service's own."
    )

    def job(self) -> TranslateJob:
        """Return the request as the task takes it."""
        options = self.options or TranslateOptions()
        texts = (self.text,) if isinstance(self.text, str) else tuple(self.text)
        return TranslateJob(
            texts=texts,
            listed=not isinstance(self.text, str),
            target=self.target,
            source=self.source,
            model=self.model,
            options=Options(**options.model_dump()),
            want_alignments=self.return_alignments,
            bulk=self.priority == "bulk",
        )


class ModelRef(Wire):
    """The model that answered."""

    name: str
    version: int


class AlternativeOut(Wire):
    """One translation of a text."""

    text: str
    score: float = Field(description="log p / length^penalty, in nats; higher is better.")
    finish_reason: Literal["stop", "length"] = Field(
        description="`stop`: the model ended it. `length`: it was cut at `max_tokens`."
    )


class AlignmentOut(Wire):
    """Attention between readable pieces of the source and of the translation."""

    source_tokens: list[str]
    target_tokens: list[str]
    weights: list[list[float]] = Field(
        description="A row for each target token, a column for each source token; rows add up to 1."
    )


class TranslationOut(AlternativeOut):
    """The best translation of one text, and what was asked for beside it."""

    alternatives: list[AlternativeOut] | None = Field(
        None, description="The other `n_best - 1` translations, best first."
    )
    alignment: AlignmentOut | None = None


class Usage(Wire):
    """What the request took; `target_tokens` counts every translation returned."""

    source_tokens: int
    target_tokens: int


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
    def of(cls, answer: Translations) -> TranslateResponse:
        """Return the task's answer as it goes over the wire."""
        return cls(
            model=ModelRef(name=answer.model, version=answer.version),
            translations=[_translation(item) for item in answer.items],
            usage=Usage(source_tokens=answer.source_tokens, target_tokens=answer.target_tokens),
            seed=answer.seed,
        )


def _translation(item: Translation) -> TranslationOut:
    best, *others = item.candidates
    return TranslationOut(
        text=best.text,
        score=best.score,
        finish_reason=best.finish_reason,
        alternatives=[_alternative(other) for other in others] or None,
        alignment=None if item.alignment is None else _alignment(item.alignment),
    )


def _alternative(candidate: Candidate) -> AlternativeOut:
    return AlternativeOut(
        text=candidate.text, score=candidate.score, finish_reason=candidate.finish_reason
    )


def _alignment(alignment: Alignment) -> AlignmentOut:
    return AlignmentOut(
        source_tokens=list(alignment.source_tokens),
        target_tokens=list(alignment.target_tokens),
        weights=[list(row) for row in alignment.weights],
    )
