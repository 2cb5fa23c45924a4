"""An engine whose answers a person can check: the output is the source, read backwards.

An image is read as four colours, see `tests.fakes.toy_artifact`; numbers come back backwards, too,
and of labels the first is the likeliest, by 3 : 2 : 1 where there are three.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from app.engine.request import FinishReason, Hypothesis, SequenceRequest, SequenceResult
from app.errors import Cancelled, DragomanError, Draining

EOS = 2


class FakeSubmission:
    """Done at once, or when the engine is released."""

    def __init__(self, engine: FakeEngine, items: Sequence[SequenceRequest]) -> None:
        self.items = items
        self.cancelled = False
        self.reason: DragomanError | None = None
        self.done = False
        self._engine = engine
        self._gone = asyncio.Event()

    async def results(self) -> list[SequenceResult]:
        engine = self._engine
        engine.entered.set()
        if engine.hold:
            await self._let_go()
        self.done = True
        if engine.error is not None:
            raise engine.error
        if self.cancelled:
            raise self.reason or Cancelled("cancelled")
        return [self._engine.answer(item) for item in self.items]

    async def updates(self) -> AsyncIterator[Mapping[int, Sequence[Any]]]:
        """One token more of every item in each update, as long as one has more."""
        outputs: list[Sequence[Any]] = []
        for item in self.items:
            result = self._engine.answer(item)
            outputs.append(result.values or ())
            if result.hypotheses and not self._engine.labels:
                outputs[-1] = result.hypotheses[0].tokens
        for length in range(1, max(map(len, outputs), default=0)):
            yield {
                index: tokens[:length]
                for index, tokens in enumerate(outputs)
                if length < len(tokens)
            }
        if self._engine.hold:
            self._engine.entered.set()
            await self._let_go()

    async def _let_go(self) -> None:
        """Wait until the engine is released or the submission cancelled."""
        ends = (self._engine.released, self._gone)
        waiting = [asyncio.create_task(end.wait()) for end in ends]
        try:
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in waiting:
                task.cancel()

    def cancel(self, error: DragomanError | None = None) -> None:
        self.cancelled, self.reason = True, error
        self._gone.set()


@dataclass
class FakeEngine:
    """Satisfies `app.tasks.loaded.Engine`.

    With `hold`, submissions wait for `released`; `submit` raises `refusal`, `results` `error`.
    """

    hold: bool = False
    refusal: DragomanError | None = None
    error: Exception | None = None
    state: str = "ready"
    alive: bool = True
    rows_in_use: int = 0
    waiting: int = 0
    closed: bool = False
    entered: asyncio.Event = field(default_factory=asyncio.Event)
    released: asyncio.Event = field(default_factory=asyncio.Event)
    submissions: list[FakeSubmission] = field(default_factory=list)
    deadlines: list[float | None] = field(default_factory=list)
    bulk: list[bool] = field(default_factory=list)
    labels: int = 0
    """How many labels there are; 0 where it is no classifier."""
    submission_type: ClassVar[type[FakeSubmission]] = FakeSubmission

    def submit(
        self,
        items: Sequence[SequenceRequest],
        *,
        deadline: float | None,
        streams: bool = False,
        bulk: bool = False,
    ) -> FakeSubmission:
        if self.closed:
            raise Draining("closed")
        if self.refusal is not None:
            raise self.refusal
        submission = self.submission_type(self, items)
        self.submissions.append(submission)
        self.deadlines.append(deadline)
        self.bulk.append(bulk)
        return submission

    def answer(self, item: SequenceRequest) -> SequenceResult:
        """What comes out of one item."""
        if self.labels:
            total = self.labels * (self.labels + 1) / 2
            gains = [math.log((self.labels - place) / total) for place in range(self.labels)]
            ranked = [Hypothesis((at,), gain, gain, "stop") for at, gain in enumerate(gains)]
            return SequenceResult(tuple(ranked), len(item.source["tokens"]))
        if "values" in item.source:
            rows = [tuple(row) for row in item.source["values"].tolist()]
            return SequenceResult((), len(rows), tuple(reversed(rows)))
        return _backwards(item)

    def close(self) -> None:
        self.closed = True
        self.state = "draining"


def _cells(image: NDArray[np.generic]) -> NDArray[np.generic]:
    """The ids of the four cells of an image, by the rule of the toy that captions."""
    height, width, _ = image.shape
    cells = image.reshape(2, height // 2, 2, width // 2, 3).mean(axis=(1, 3)) > 127.5
    return 3 + np.asarray(cells @ [4, 2, 1]).reshape(4)


def _backwards(item: SequenceRequest) -> SequenceResult:
    """The k-th best output lacks the last k tokens; each token attends to the one it copies."""
    ids = _cells(item.source["image"]) if "image" in item.source else item.source["tokens"]
    ids = [int(i) for i in ids]
    content = ids[:-1] if ids and ids[-1] == EOS else ids
    tokens = tuple(reversed(content))[: item.options.max_tokens]
    attention = None
    if item.options.want_attention:
        attention = np.zeros((len(tokens), len(ids)), np.float32)
        for row in range(len(tokens)):
            attention[row, len(content) - 1 - row] = 1.0
    cut: FinishReason = "length" if len(tokens) < len(content) else "stop"
    hypotheses = tuple(
        Hypothesis(tokens[: len(tokens) - k], -float(k + 1), -float(k + 1), cut, attention)
        for k in range(item.options.n_best)
    )
    return SequenceResult(hypotheses, len(ids))
