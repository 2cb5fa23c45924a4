"""The running batch: joins, steps, and what each step means for each item."""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar

import numpy as np

from app.engine.backend import Ints, Rows
from app.engine.config import EngineConfig
from app.engine.item import Item
from app.engine.layout import Layout
from app.engine.observer import Observer
from app.engine.request import SequenceRequest
from app.engine.submission import Submission
from app.errors import EngineFailure
from app.search.step import Decoding

log = logging.getLogger(__name__)
I = TypeVar("I", bound=Item)  # noqa: E741 - an item


class Batch(ABC, Generic[I]):
    """Keeps layout and backend in step; a failure of the backend becomes the items' failure.

    `join` and `advance` return the items that left: done, or with their `error` set.
    """

    _item_type: type[I]

    def __init__(
        self,
        backend: Rows[Any],
        config: EngineConfig,
        observer: Observer,
        clock: Callable[[], float],
    ) -> None:
        """Begin with no rows."""
        self._backend = backend
        self._config = config
        self._observer = observer
        self._clock = clock
        self._layout: Layout[I] = Layout()
        self._joined = False  # the parents of all rows have been applied by a join
        self._step_seconds = 0.0  # how long a step took, the last time several were taken
        self.failures = 0  # of the backend, since its last good step

    def free(self, gone: Sequence[I]) -> None:
        """Let the rows of `gone` die."""
        if gone:
            self._layout.free(gone)

    def join(self, group: Sequence[I]) -> list[I]:
        """Encode `group` and add it to the running rows; return those for whom it failed."""
        if not group:
            return []
        began = self._clock()
        try:
            encoded = self._backend.encode([item.request.source for item in group])
        except Exception as error:
            log.exception("encoding %d items failed", len(group))
            self.failures += 1
            return failed(group, error)
        for item, length in zip(group, encoded.lengths, strict=True):
            item.memory_length = length
        keep = self._layout.parents(drop_dead=True)
        repeats = np.array([item.width for item in group], np.int32)
        self._layout.append(group)
        try:
            self._backend.join(encoded, keep, repeats)
        except Exception as error:
            return self._fail_all(error)
        self._joined = True
        self._observer.encoded(len(group), self._clock() - began)
        return []

    def advance(self) -> list[I]:
        """Take one step of all rows, or several if nobody minds; return the items that left."""
        items = self._layout.items()
        if not items:
            if self._layout.rows:
                self._layout.clear()
                self._backend.reset()
            return []
        try:
            left = self._call(items)
        except Exception as error:
            return self._fail_all(error)
        self.failures = 0
        self._layout.free(left)
        return left

    def item(
        self, request: SequenceRequest, owner: Submission, index: int, arrived: float, bulk: bool
    ) -> I:
        """Return a new item with a search of its own; it joins no rows. Called on any thread."""
        return self._item_type(request, self._search(request), owner, index, arrived, bulk)

    @abstractmethod
    def _search(self, request: SequenceRequest) -> Decoding:
        """Return a new search, at the start of what `request` asks for. Called on any thread."""

    @abstractmethod
    def _call(self, items: Sequence[I]) -> list[I]:
        """Take one call's steps of all rows; return the items that left."""

    def _parents(self) -> Ints:
        """Return what each row of this call goes on from; a join has just put them in order."""
        drop = not self._joined and self._layout.worth_dropping()
        parents = self._layout.parents(drop)
        if self._joined:
            parents = np.arange(self._layout.rows, dtype=np.int32)
        self._joined = False
        return parents

    def _steps(self, items: Sequence[I]) -> int:
        """Return how many steps one call may take; 0 where candidates are needed."""
        left = min(item.search.free_steps for item in items)
        left = min(left, max(item.search.steps_left for item in items))
        if left > 0 and self._step_seconds > 0:
            in_time = int(self._config.max_call_seconds / self._step_seconds)
            left = min(left, max(1, in_time))
        return min(left, self._config.max_steps)

    def _stepped(self, rows: int, steps: int, began: float) -> None:
        """Note what a call of several steps took."""
        seconds = self._clock() - began
        self._step_seconds = seconds / max(1, steps)
        self._observer.step(rows, steps, seconds)

    def _fail_all(self, error: Exception) -> list[I]:
        """Fail every item of the batch and begin anew."""
        items = self._layout.items()
        self.failures += 1
        log.error("a step failed; %d items are lost", len(items), exc_info=error)
        self._layout.clear()
        self._joined = False
        self._backend.reset()
        return failed(items, error)


def failed(items: Sequence[I], error: Exception) -> list[I]:
    """Return `items`, which are lost to `error`."""
    for item in items:
        item.error = EngineFailure(f"a decode step failed: {type(error).__name__}")
    return list(items)
