"""`POST /v1/models/{name}/generate`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import numpy as np
from pydantic import ConfigDict, Field, PlainValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from app.api.schemas.base import Wire
from app.api.schemas.options import DecodingOptions
from app.api.schemas.output import BestOut, ModelRef
from app.api.schemas.request import AnyRequest
from app.api.schemas.summarize import ReadOut
from app.api.schemas.text import AlignmentOut, Texts, Usage, best_of
from app.search.series import Value
from app.tasks.answer import Answer, Output
from app.tasks.generate import GenerateJob


def _listed(value: Any) -> list[Any]:
    """Let a list through; what it must hold depends on the model."""
    if isinstance(value, list):
        return value
    raise PydanticCustomError("values_type", "must be a list of numbers, or of lists of them")


def _nested(depth: int) -> dict[str, Any]:
    inside = _nested(depth - 1) if depth else {"type": "number"}
    return {"type": "array", "items": inside} if depth else inside


AnySeries = Annotated[
    list[Any],
    PlainValidator(_listed),
    WithJsonSchema({"anyOf": [_nested(1), _nested(2), _nested(3)]}),
]
Values = list[float] | list[list[float]]


def numbers(values: Sequence[Value]) -> Values:
    """Return a series as it goes over the wire: numbers, or lists where a step has several.

    Each is the shortest that is read as the same 32 bits: 0.1, not 0.10000000149011612.
    """
    rows = [[float(str(np.float32(number))) for number in value] for value in values]
    return [row[0] for row in rows] if all(len(row) == 1 for row in rows) else rows


class GenerateOptions(DecodingOptions):
    """How to decode; what is left out is the model's own default (see `/v1/models`)."""


class GenerateRequest(AnyRequest):
    """What the model reads: `text` or `values`, by its `source_kind`."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"text": "Where is the station?", "options": {"beam_size": 4}},
                {"values": [0.0, 0.13, 0.25, 0.37]},
                {"values": [[0.0, 0.13, 0.25, 0.37], [1.0, 0.99, 0.97, 0.93]]},
            ]
        }
    )

    text: Texts | None = Field(
        None, description="For a model of texts: one, or a list that is decoded as one batch."
    )
    values: AnySeries | None = Field(
        None,
        description="For a model of series: one, or a list that is decoded as one batch. A series "
        "is a list of numbers, or of lists of them where a step has several.",
    )
    return_alignments: bool = Field(
        False, description="Whether to say which source tokens each target token attended to."
    )
    options: GenerateOptions | None = None

    def job(self) -> GenerateJob:
        """Return the request as the task takes it."""
        listed = isinstance(self.text, list)
        texts = tuple(self.text) if isinstance(self.text, list) else (self.text or "",)
        return GenerateJob(
            texts=None if self.text is None else texts,
            values=self.values,
            listed=listed,
            options=(self.options or GenerateOptions()).decoding(),
            want_alignments=self.return_alignments,
            bulk=self.bulk,
        )


class GeneratedText(BestOut):
    """The best text for one item."""

    alignment: AlignmentOut | None = None
    read: ReadOut | None = Field(None, description="How much of a text was read.")


class GeneratedValues(Wire):
    """The series for one item: numbers, or lists of them where a step has several."""

    values: Values


class LabelOut(Wire):
    """One label; the probabilities of all labels add up to 1."""

    label: str
    probability: float


class GeneratedLabels(Wire):
    """All labels for one item, the likeliest first."""

    labels: list[LabelOut]
    read: ReadOut | None = Field(None, description="How much of a text was read.")


class GenerateResponse(Wire):
    """Outputs, in the order of the items; of which kind, the model's `target_kind` says."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "model": {"name": "series-sine-cosine", "version": 1},
                    "outputs": [{"values": [1.0, 0.99, 0.97, 0.93]}],
                    "usage": {"source_tokens": 4, "target_tokens": 4},
                },
                {
                    "model": {"name": "reviews", "version": 1},
                    "outputs": [
                        {
                            "labels": [
                                {"label": "positive", "probability": 0.93},
                                {"label": "negative", "probability": 0.07},
                            ]
                        }
                    ],
                    "usage": {"source_tokens": 212, "target_tokens": 1},
                },
            ]
        }
    )

    model: ModelRef
    outputs: list[GeneratedText | GeneratedValues | GeneratedLabels]
    usage: Usage = Field(description="Tokens, or steps of series.")
    seed: int | None = Field(None, description="What samples were drawn by.")

    @classmethod
    def of(cls, answer: Answer) -> GenerateResponse:
        """Return the task's answer as it goes over the wire."""
        return cls(
            model=ModelRef.of(answer),
            outputs=[_output(item) for item in answer.items],
            usage=Usage.of(answer),
            seed=answer.seed,
        )


def _output(item: Output) -> GeneratedText | GeneratedValues | GeneratedLabels:
    if item.values:
        return GeneratedValues(values=numbers(item.values))
    read = None if item.source is None else ReadOut.of(item.source.reading)
    if item.labels:
        labels = [LabelOut(label=one.name, probability=one.probability) for one in item.labels]
        return GeneratedLabels(labels=labels, read=read)
    return GeneratedText(**best_of(item), read=read)
