"""What all tasks share: prepare, decode together, make text again."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from app.search.series import Value
from app.tasks.answer import Answer, answer, check_finite
from app.tasks.catalogue import Catalogue
from app.tasks.job import Job, Prepared, TextJob
from app.tasks.loaded import Submission
from app.text.incremental import IncrementalText

MANY = 64  # outputs beyond which making text of them would hold up the event loop
LARGE = 20_000
"""Characters of one request beyond which tokenizing would hold up the event loop."""

J = TypeVar("J", bound=Job)
T = TypeVar("T", bound=TextJob)


@dataclass(frozen=True)
class TextPiece:
    """More of the output for the item at place `index`; what was said is never unsaid."""

    index: int
    text: str


@dataclass(frozen=True)
class ValuesPiece:
    """More of the series for the item at place `index`: values [steps][features]."""

    index: int
    values: tuple[Value, ...]


Piece = TextPiece | ValuesPiece


class Task(ABC, Generic[J]):
    """One task on the models of a catalogue; a subclass says how its jobs are prepared."""

    def __init__(self, catalogue: Catalogue, max_items: int) -> None:
        """Serve `catalogue`; a list may hold `max_items` items."""
        self._catalogue = catalogue
        self._max_items = max_items

    @abstractmethod
    async def prepare(self, job: J) -> Prepared:
        """Pick the model of a job, check the job and make it ready; off the event loop if slow.

        Raises:
            InvalidRequest: a field is wrong; the error points to it.
            NotFound: no model of that name, or none that can do this.
        """

    async def run(self, prepared: Prepared, deadline: float | None) -> Answer:
        """Decode what was prepared; the rows are freed when this is cancelled.

        Raises:
            Refused: there is no room, or the service is shutting down.
            DeadlineExceeded: `deadline`, in `time.monotonic()` seconds, passed.
            EngineFailure: a step failed.
        """
        submission = self.submit(prepared, deadline)
        try:
            return await finish(prepared, submission)
        finally:
            submission.cancel()

    def submit(
        self, prepared: Prepared, deadline: float | None, *, streams: bool = False
    ) -> Submission:
        """Give what was prepared to the engine; the caller cancels when nobody waits any more.

        Raises:
            Refused: there is no room, or the service is shutting down.
            EngineFailure: the engine has died.
        """
        return prepared.model.engine.submit(
            prepared.items, deadline=deadline, streams=streams, bulk=prepared.job.bulk
        )


class TextTask(Task[T]):
    """A task on texts: they are tokenized in a thread where they are long."""

    @abstractmethod
    def _prepare(self, job: T) -> Prepared:
        """Pick the model of a job, check and tokenize the job for it."""

    async def prepare(self, job: T) -> Prepared:
        """Check and tokenize a job; in a thread where the texts are long."""
        if sum(map(len, job.texts)) > LARGE:
            return await asyncio.to_thread(self._prepare, job)
        return self._prepare(job)


async def finish(prepared: Prepared, submission: Submission) -> Answer:
    """Wait for the results and turn them into text, in a thread where there are many."""
    results = await submission.results()
    if len(results) * prepared.items[0].options.n_best > MANY:
        return await asyncio.to_thread(answer, prepared, results)
    return answer(prepared, results)


async def follow(prepared: Prepared, submission: Submission) -> AsyncIterator[Piece | Answer]:
    """Yield the pieces of every output as they are decided, then the whole answer.

    Raises:
        DragomanError: what ended the submission early.
    """
    writes_text = prepared.model.artifact.manifest.target_kind == "text"
    pieces = _follow_text if writes_text else _follow_values
    async for piece in pieces(prepared, submission):
        yield piece


async def _follow_values(
    prepared: Prepared, submission: Submission
) -> AsyncIterator[Piece | Answer]:
    """Follow series; a classifier has nothing to tell before its answer."""
    told = [0] * len(prepared.items)

    def more(index: int, values: Sequence[Value]) -> ValuesPiece:
        new = tuple(values[told[index] :])
        check_finite(new, prepared, index)
        told[index] += len(new)
        return ValuesPiece(index, new)

    async for news in submission.updates():
        for index, values in news.items():
            yield more(index, values)
    result = await finish(prepared, submission)
    for index, item in enumerate(result.items):
        if len(item.values) > told[index]:
            yield more(index, item.values)
    yield result


async def _follow_text(prepared: Prepared, submission: Submission) -> AsyncIterator[Piece | Answer]:
    texts = [IncrementalText(prepared.model.target) for _ in prepared.items]
    async for news in submission.updates():
        for index, tokens in news.items():
            new = texts[index].push(tokens)
            if new:
                yield TextPiece(index, new)
    result = await finish(prepared, submission)
    for index, item in enumerate(result.items):
        rest = texts[index].finish(item.candidates[0].text)
        if rest:
            yield TextPiece(index, rest)
    yield result
