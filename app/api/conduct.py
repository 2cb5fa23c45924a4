"""What the routes of every task do: run a job for as long as its client waits."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from fastapi import Request

from app.api.context import RequestContext
from app.api.gate import draining
from app.api.race import in_time, race, until_gone
from app.api.service import Service
from app.errors import Cancelled
from app.tasks.answer import Answer
from app.tasks.job import Job, Prepared
from app.tasks.task import Piece, Task, follow

J = TypeVar("J", bound=Job)
Pieces = AsyncIterator[Sequence[Piece | Answer]]


@dataclass(frozen=True)
class Following:
    """A request that was admitted: its pieces, turn by turn, and what frees its rows."""

    pieces: Pieces
    close: Callable[[], None]


@dataclass(frozen=True)
class Conduct(Generic[J]):
    """One request's run through a task, with its metrics and its line in the log."""

    task: Task[J]
    service: Service
    context: RequestContext

    async def answer(self, job: J, deadline_ms: int | None, request: Request) -> Answer:
        """Return the answer to `job`; its rows are freed when the client goes away."""
        self.context.shorten(deadline_ms)

        async def work() -> Answer:
            answer = await self.task.run(await self._prepared(job), self.context.deadline)
            self._answered(answer)
            return answer

        return await race(work(), until_gone(request.receive), self.service.gate)

    async def follow(self, job: J, deadline_ms: int | None) -> Following:
        """Check and admit `job` before the first byte; whoever follows it closes it at the end."""
        self.context.shorten(deadline_ms)
        prepared = await self._prepared(job)
        submission = self.task.submit(prepared, self.context.deadline, streams=True)

        async def pieces() -> Pieces:
            with self.service.gate.on_expiry(lambda: submission.cancel(draining())):
                async for turn in follow(prepared, submission):
                    for piece in turn:
                        if isinstance(piece, Answer):
                            self._answered(piece)
                    yield turn

        def close() -> None:
            if not submission.done and not self.context.code:
                self.context.code = Cancelled.code
            submission.cancel()

        return Following(pieces(), close)

    async def _prepared(self, job: J) -> Prepared:
        preparing = self.task.prepare(job)
        prepared = await in_time(preparing, self.context.deadline, self.service.gate)
        self.context.items, self.context.tokens = len(prepared.items), prepared.source_tokens
        return prepared

    def _answered(self, answer: Answer) -> None:
        self.context.tokens += answer.target_tokens
        self.service.metrics.answered(
            answer.model, len(answer.items), answer.source_tokens, answer.target_tokens
        )
