"""What all tasks share: prepare, decode together, make text again."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from app.search.series import Value
from app.tasks.answer import Answer, Output, answer, check_finite
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


async def follow(
    prepared: Prepared, submission: Submission
) -> AsyncIterator[Sequence[Piece | Answer]]:
    """Yield what a turn decides of the outputs, piece by piece; at the end the whole answer, too.

    Raises:
        DragomanError: what ended the submission early.
    """
    writes_text = prepared.model.artifact.manifest.target_kind == "text"
    told = _TextTold(prepared) if writes_text else _ValuesTold(prepared)
    async for news in submission.updates():
        pieces = [piece for index, sure in news.items() for piece in told.more(index, sure)]
        if pieces:
            yield pieces
    result = await finish(prepared, submission)
    rests = [told.rest(index, item) for index, item in enumerate(result.items)]
    yield [*(piece for rest in rests for piece in rest), result]


class _TextTold:
    """What a client was told of texts, and what is new."""

    def __init__(self, prepared: Prepared) -> None:
        self._texts = [IncrementalText(prepared.model.target) for _ in prepared.items]

    def more(self, index: int, tokens: Sequence[int]) -> list[Piece]:
        """Return what is new in the text `index`, of which `tokens` are sure."""
        return self._piece(index, self._texts[index].push(tokens))

    def rest(self, index: int, item: Output) -> list[Piece]:
        """Return what is left of the text `index`, which is done."""
        return self._piece(index, self._texts[index].finish(item.candidates[0].text))

    def _piece(self, index: int, text: str) -> list[Piece]:
        return [TextPiece(index, text)] if text else []


class _ValuesTold:
    """What a client was told of series; of a classifier, nothing before its answer."""

    def __init__(self, prepared: Prepared) -> None:
        self._prepared = prepared
        self._told = [0] * len(prepared.items)

    def more(self, index: int, values: Sequence[Value]) -> list[Piece]:
        """Return what is new in the series `index`, of which `values` are sure."""
        new = tuple(values[self._told[index] :])
        check_finite(new, self._prepared, index)
        self._told[index] += len(new)
        return [ValuesPiece(index, new)] if new else []

    def rest(self, index: int, item: Output) -> list[Piece]:
        """Return what is left of the series `index`, which is done."""
        return self.more(index, item.values)
