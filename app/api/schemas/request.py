"""What may be asked of every task."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from app.api.schemas.base import Wire

ModelName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]*$", max_length=100)]


class AnyRequest(Wire):
    """What may be asked with every request to a model."""

    priority: Literal["interactive", "bulk"] = Field(
        "interactive", description="`bulk` lets others go first; it is not starved."
    )
    deadline_ms: Annotated[int | None, Field(ge=1, le=86_400_000)] = Field(
        None, description="Give up with 504 after so long; never later than the service's own."
    )

    @property
    def bulk(self) -> bool:
        """Whether others go first."""
        return self.priority == "bulk"


class TaskRequest(AnyRequest):
    """Items to work on, and what may be asked of every task."""

    model: ModelName | None = Field(
        None, description="The model; if left out, the first by name that fits."
    )
