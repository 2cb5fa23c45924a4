"""What the answers of all tasks share."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from app.api.schemas.base import Wire
from app.tasks.answer import Answer, Candidate, Output


class ModelRef(Wire):
    """The model that answered."""

    name: str
    version: int

    @classmethod
    def of(cls, answer: Answer) -> ModelRef:
        """Return the model of a task's answer."""
        return cls(name=answer.model, version=answer.version)


class AlternativeOut(Wire):
    """One output for an item."""

    text: str
    score: float = Field(description="log p / length^penalty, in nats; higher is better.")
    finish_reason: Literal["stop", "length"] = Field(
        description="`stop`: the model ended it. `length`: it was cut at a limit."
    )


class BestOut(AlternativeOut):
    """The best output for an item."""

    alternatives: list[AlternativeOut] | None = Field(
        None, description="The other `n_best - 1` outputs, best first."
    )


def candidates_of(output: Output) -> dict[str, Any]:
    """Return the fields of the best candidate, and the others as `alternatives`."""
    first, *others = output.candidates
    alternatives = [AlternativeOut(**_fields(other)) for other in others]
    return {**_fields(first), "alternatives": alternatives or None}


def _fields(candidate: Candidate) -> dict[str, Any]:
    return {
        "text": candidate.text,
        "score": candidate.score,
        "finish_reason": candidate.finish_reason,
    }
