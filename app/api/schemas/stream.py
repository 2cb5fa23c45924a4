"""The events of a stream: each is one JSON object in a `data:` line of server-sent events."""

from __future__ import annotations

from typing import Generic, Literal, TypeVar

from pydantic import Field

from app.api.schemas.base import Wire
from app.api.schemas.caption import CaptionResponse
from app.api.schemas.generate import GenerateResponse, Values
from app.api.schemas.problem import Problem
from app.api.schemas.summarize import SummarizeResponse
from app.api.schemas.translate import TranslateResponse

R = TypeVar("R")


class TokenEvent(Wire):
    """More of one output; what was sent is never revised."""

    type: Literal["token"] = "token"
    index: int = Field(description="Which item of the list; 0 where one was sent.")
    text: str = Field(description="Append it to what came before.")


class ValuesEvent(Wire):
    """More of one series of numbers."""

    type: Literal["values"] = "values"
    index: int = Field(description="Which series of the list; 0 where one was sent.")
    values: Values = Field(description="Append them to what came before.")


class Timings(Wire):
    """Milliseconds since the request came."""

    first_token_ms: float | None = Field(
        None, description="Until the first `token` or `values` event; absent where none came."
    )
    total_ms: float


class Done(Wire, Generic[R]):
    """The end of a stream that went well: the whole answer, as without streaming."""

    type: Literal["done"] = "done"
    result: R
    timings: Timings


class DoneEvent(Done[TranslateResponse]):
    """The end of a stream of translations that went well: the answer, as without streaming."""


class SummariesDoneEvent(Done[SummarizeResponse]):
    """The end of a stream of summaries that went well: the answer, as without streaming."""


class CaptionsDoneEvent(Done[CaptionResponse]):
    """The end of a stream of captions that went well: the answer, as without streaming."""


class GenerationDoneEvent(Done[GenerateResponse]):
    """The end of a stream of any model that went well: the answer, as without streaming."""


class ErrorEvent(Wire):
    """The end of a stream that did not."""

    type: Literal["error"] = "error"
    error: Problem
