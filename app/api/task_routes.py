"""The two routes of a task, `POST /v1/NAME` and its stream: the same for all of them.

FastAPI learns a route's types from its function's annotations; here they are set when the routes
are made, since they differ from task to task.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Annotated, Any, Generic, Protocol, TypeVar

from fastapi import APIRouter, Depends, Request, Response
from fastapi.routing import APIRoute
from pydantic import BaseModel

from app.api.conduct import Conduct
from app.api.context import context_of
from app.api.dependencies import service_of
from app.api.responses import problems
from app.api.schemas.stream import ErrorEvent, Timings, TokenEvent
from app.api.service import Service
from app.api.streams import EventStream, events
from app.api.strict_json import StrictJsonRoute
from app.tasks.answer import Answer
from app.tasks.job import Job
from app.tasks.task import Task

J = TypeVar("J", bound=Job)
C = TypeVar("C", bound=Job, covariant=True)
_PROBLEMS = problems(404, 413, 415, 422, 500, 503, 504)
_STREAM = """Send {sends}, then `done` or `error`.

With a beam, a piece is sent once every hypothesis that can still win begins with it."""


class Asks(Protocol[C]):
    """A request's schema."""

    @property
    def deadline_ms(self) -> int | None:
        """After how many milliseconds the client gives up."""
        ...

    def job(self) -> C:
        """Return the request as the task takes it."""
        ...


class Answers(Protocol):
    """An answer's schema."""

    @classmethod
    def of(cls, answer: Answer) -> Any:
        """Return the task's answer as it goes over the wire."""
        ...


@dataclass(frozen=True)
class Asked(Generic[J]):
    """What a request asks for, as its task takes it."""

    job: J
    deadline_ms: int | None


@dataclass(frozen=True)
class TaskRoutes(Generic[J]):
    """What tells the routes of one task from those of another.

    `task` gives the running task, `done` is the event that ends a stream well, `sends` says which
    events come before it. `summary` continues with `, telling every piece …` for the stream.
    """

    name: str
    task: Callable[[Service], Task[J]]
    request: type[Asks[J]]
    answer: type[Answers]
    done: type[BaseModel]
    sends: str
    summary: str
    description: str
    verb: str
    path: str = ""
    """Below `/v1`, where it is not the name; a part `{name}` is the model's."""
    pieces: Any = TokenEvent
    """The events of a stream before its end."""
    route_class: type[APIRoute] = StrictJsonRoute
    extra: dict[str, Any] = field(default_factory=dict)

    def router(self) -> APIRouter:
        """Return the task's two routes."""
        asked = Annotated[Asked[Any], Depends(self._asked())]

        async def answer(asked: Asked[J], request: Request) -> Any:
            conduct = self._conduct(request)
            answered = self.answer.of(await conduct.answer(asked.job, asked.deadline_ms, request))
            # FastAPI would validate what was validated as it was made.
            content = answered.model_dump_json(exclude_none=True)
            return Response(content, media_type="application/json")

        async def stream(asked: Asked[J], request: Request) -> EventStream:
            following = await self._conduct(request).follow(asked.job, asked.deadline_ms)
            told = events(following.pieces, self._done, context_of(request.scope))
            return EventStream(told, following.close)

        answer.__annotations__ |= {"asked": asked, "request": Request, "return": self.answer}
        stream.__annotations__ |= {"asked": asked, "request": Request, "return": EventStream}
        router = APIRouter(prefix="/v1", tags=["tasks"], route_class=self.route_class)
        shared: dict[str, Any] = {
            "response_model_exclude_none": True,
            "openapi_extra": self.extra or None,
        }
        path = self.path or f"/{self.name}"
        router.post(
            path,
            operation_id=self.name,
            summary=self.summary,
            description=self.description,
            responses=_PROBLEMS,
            **shared,
        )(answer)
        router.post(
            f"{path}/stream",
            operation_id=f"{self.name}_stream",
            summary=f"{self.verb}, telling every piece as it is decided",
            description=_STREAM.format(sends=self.sends),
            responses={200: {"model": self.pieces | self.done | ErrorEvent}, **_PROBLEMS},
            response_class=EventStream,
            status_code=200,
            **shared,
        )(stream)
        return router

    def _conduct(self, request: Request) -> Conduct[J]:
        service = service_of(request)
        service.gate.check()
        return Conduct(self.task(service), service, context_of(request.scope))

    def _asked(self) -> Callable[..., Any]:
        async def asked(body: Asks[J]) -> Asked[J]:
            return Asked(body.job(), body.deadline_ms)

        async def named(name: str, body: Asks[J]) -> Asked[J]:
            return Asked(replace(body.job(), model=name), body.deadline_ms)

        chosen = named if "{name}" in self.path else asked
        chosen.__annotations__ |= {"body": self.request}
        return chosen

    def _done(self, answer: Answer, timings: Timings) -> BaseModel:
        return self.done(result=self.answer.of(answer), timings=timings)
