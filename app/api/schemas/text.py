"""What requests and answers of tasks on texts share beside what all tasks do."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Discriminator, Field, Tag

from app.api.schemas.base import Wire
from app.api.schemas.output import BestOut, candidates_of
from app.api.schemas.request import TaskRequest
from app.tasks.alignment import Alignment
from app.tasks.answer import Answer, Output

ONE, MANY = "one text", "many texts"
TEXT_TAGS = (ONE, MANY)
"""Parts of an error's location that name a branch of a union, not a field."""

Language = Annotated[str, Field(pattern=r"^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$", max_length=35)]


def _kind(value: Any) -> str | None:
    if isinstance(value, str):
        return ONE
    return MANY if isinstance(value, list) else None


Texts = Annotated[
    Annotated[str, Tag(ONE)] | Annotated[list[str], Field(fail_fast=True), Tag(MANY)],
    Discriminator(_kind),
]


class TextRequest(TaskRequest):
    """Texts, and what may be asked of every task on them."""

    text: Texts = Field(
        description="One text, or a list that is decoded as one batch. A list is all or nothing."
    )
    return_alignments: bool = Field(
        False, description="Whether to say which source tokens each target token attended to."
    )

    @property
    def listed(self) -> bool:
        """Whether a list was sent."""
        return not isinstance(self.text, str)

    @property
    def texts(self) -> tuple[str, ...]:
        """The texts, in order."""
        return (self.text,) if isinstance(self.text, str) else tuple(self.text)


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


class OutputOut(BestOut):
    """The best output for one text, and what was asked for beside it."""

    alignment: AlignmentOut | None = None


def best_of(output: Output) -> dict[str, Any]:
    """Return the fields of an `OutputOut`."""
    return {**candidates_of(output), "alignment": AlignmentOut.of(output.alignment)}
