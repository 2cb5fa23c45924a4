"""What requests and answers of all tasks on texts share."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, FiniteFloat, Tag

from app.api.schemas.base import Wire
from app.tasks.answer import Alignment, Answer, Candidate, Output
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


class DecodingOptions(Wire):
    """How to decode; what is left out is the model's own default (see `/v1/models`)."""

    beam_size: Annotated[int | None, Field(ge=1, le=16)] = Field(
        None, description="Hypotheses kept at each step; 1 is greedy."
    )
    n_best: Annotated[int | None, Field(ge=1, le=16)] = Field(
        None,
        description="Outputs for each text, at most `beam_size` unless they are sampled; "
        "1 if left out.",
    )
    max_tokens: Annotated[int | None, Field(ge=1, le=1_000_000)] = Field(
        None, description="Tokens of an output, at most the model's `max_target`."
    )
    min_tokens: Annotated[int | None, Field(ge=0, le=1_000_000)] = Field(
        None, description="The model may not end an output before so many tokens."
    )
    length_penalty: Annotated[FiniteFloat | None, Field(ge=0.0, le=5.0)] = Field(
        None, description="Scores are log p / length^penalty: more favours longer outputs."
    )
    no_repeat_ngram_size: Annotated[int | None, Field(ge=2, le=16)] = Field(
        None, description="No run of so many tokens comes twice in an output."
    )
    repetition_guard: bool = Field(
        True, description="Break loops: a phrase may follow itself three times at most."
    )
    prefix: Annotated[str | None, Field(max_length=2000)] = Field(
        None, description="What every output must begin with."
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
        None, description="The same seed draws the same outputs; left out, a new one is used."
    )

    def decoding(self) -> Options:
        """Return the options as tasks take them."""
        return Options(**self.model_dump(include=set(DecodingOptions.model_fields)))


class TextRequest(Wire):
    """Texts, and what may be asked of every task on them."""

    text: Texts = Field(
        description="One text, or a list that is decoded as one batch. A list is all or nothing."
    )
    model: ModelName | None = Field(
        None, description="The model; if left out, the first by name that fits the languages."
    )
    return_alignments: bool = Field(
        False, description="Whether to say which source tokens each target token attended to."
    )
    priority: Literal["interactive", "bulk"] = Field(
        "interactive", description="`bulk` lets others go first; it is not starved."
    )
    deadline_ms: Annotated[int | None, Field(ge=1, le=86_400_000)] = Field(
        None, description="Give up with 504 after so long; never later than the service's own."
    )

    @property
    def listed(self) -> bool:
        """Whether a list was sent."""
        return not isinstance(self.text, str)

    @property
    def texts(self) -> tuple[str, ...]:
        """The texts, in order."""
        return (self.text,) if isinstance(self.text, str) else tuple(self.text)

    @property
    def bulk(self) -> bool:
        """Whether others go first."""
        return self.priority == "bulk"


class ModelRef(Wire):
    """The model that answered."""

    name: str
    version: int

    @classmethod
    def of(cls, answer: Answer) -> ModelRef:
        """Return the model of a task's answer."""
        return cls(name=answer.model, version=answer.version)


class AlternativeOut(Wire):
    """One output for a text."""

    text: str
    score: float = Field(description="log p / length^penalty, in nats; higher is better.")
    finish_reason: Literal["stop", "length"] = Field(
        description="`stop`: the model ended it. `length`: it was cut at a limit."
    )


class AlignmentOut(Wire):
    """Attention between readable pieces of the source and of the output."""

    source_tokens: list[str]
    target_tokens: list[str]
    weights: list[list[float]] = Field(
        description="A row for each target token, a column for each source token; rows add up to 1."
    )

    @classmethod
    def of(cls, alignment: Alignment | None) -> AlignmentOut | None:
        """Return an alignment as it goes over the wire."""
        if alignment is None:
            return None
        return cls(
            source_tokens=list(alignment.source_tokens),
            target_tokens=list(alignment.target_tokens),
            weights=[list(row) for row in alignment.weights],
        )


class Usage(Wire):
    """What the request took; `target_tokens` counts every output returned."""

    source_tokens: int
    target_tokens: int

    @classmethod
    def of(cls, answer: Answer) -> Usage:
        """Return what a task's answer took."""
        return cls(source_tokens=answer.source_tokens, target_tokens=answer.target_tokens)


class OutputOut(AlternativeOut):
    """The best output for one text, and what was asked for beside it."""

    alternatives: list[AlternativeOut] | None = Field(
        None, description="The other `n_best - 1` outputs, best first."
    )
    alignment: AlignmentOut | None = None


def best_of(output: Output) -> dict[str, Any]:
    """Return the fields of an `OutputOut`."""
    first, *others = output.candidates
    return {
        **_fields(first),
        "alternatives": [AlternativeOut(**_fields(other)) for other in others] or None,
        "alignment": AlignmentOut.of(output.alignment),
    }


def _fields(candidate: Candidate) -> dict[str, Any]:
    return {
        "text": candidate.text,
        "score": candidate.score,
        "finish_reason": candidate.finish_reason,
    }
