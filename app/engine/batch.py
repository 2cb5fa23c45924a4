"""The running batch: joins, steps, and what each step means for each item."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from app.engine.backend import Backend, StepResult, StepsResult
from app.engine.config import EngineConfig
from app.engine.item import Item
from app.engine.layout import Layout
from app.engine.observer import Observer
from app.errors import EngineFailure
from app.search.greedy import Greedy
from app.search.step import Candidates

log = logging.getLogger(__name__)


class Batch:
    """Keeps layout and backend in step; a failure of the backend becomes the items' failure.

    `join` and `advance` return the items that left: done, or with their `error` set.
    """

    def __init__(
        self,
        backend: Backend[Any],
        eos: int,
        config: EngineConfig,
        observer: Observer,
        clock: Callable[[], float],
    ) -> None:
        """Begin with no rows."""
        self._backend = backend
        self._eos = eos
        self._config = config
        self._observer = observer
        self._clock = clock
        self._layout = Layout()
        self._joined = False  # the parents of all rows have been applied by a join
        self._step_seconds = 0.0  # how long a step took, the last time several were taken
        self.failures = 0  # of the backend, since its last good step

    def free(self, gone: Sequence[Item]) -> None:
        """Let the rows of `gone` die."""
        if gone:
            self._layout.free(gone)

    def join(self, group: Sequence[Item]) -> list[Item]:
        """Encode `group` and add it to the running rows; return those for whom it failed."""
        if not group:
            return []
        began = self._clock()
        try:
            encoded = self._backend.encode([item.request.source for item in group])
        except Exception as error:
            log.exception("encoding %d items failed", len(group))
            self.failures += 1
            return _failed(group, error)
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

    def advance(self) -> list[Item]:
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

    def _call(self, items: Sequence[Item]) -> list[Item]:
        drop = not self._joined and self._layout.worth_dropping()
        parents = self._layout.parents(drop)
        if self._joined:
            parents = np.arange(self._layout.rows, dtype=np.int32)
        self._joined = False
        tokens = self._layout.tokens(self._eos)
        steps = self._steps(items)
        began = self._clock()
        if steps > 0:
            result = self._backend.advance_greedy(parents, tokens, steps)
            self._step_seconds = (self._clock() - began) / max(1, result.ids.shape[1])
            self._observer.step(len(parents), result.ids.shape[1], self._clock() - began)
            return self._take_steps(result)
        fetch = max(item.search.fetch for item in items)
        attention = any(item.request.options.want_attention for item in items)
        probes = self._layout.probes()
        one = self._backend.advance(parents, tokens, probes, fetch, attention)
        self._observer.step(len(parents), 1, self._clock() - began)
        return self._take_step(one)

    def _steps(self, items: Sequence[Item]) -> int:
        """Return how many greedy steps one call may take; 0 where candidates are needed."""
        left = min(item.search.free_steps for item in items)
        left = min(left, max(item.search.steps_left for item in items))
        if left > 0 and self._step_seconds > 0:
            in_time = int(self._config.max_call_seconds / self._step_seconds)
            left = min(left, max(1, in_time))
        return min(left, self._config.max_steps)

    def _take_step(self, result: StepResult) -> list[Item]:
        left: list[Item] = []
        broken = np.isnan(result.log_probabilities.min(axis=1))
        for item, row in self._layout.places():
            rows = slice(row, row + item.width)
            if broken[rows].any():
                left += _failed([item], FloatingPointError("a step returned not-a-number"))
                continue
            wanted = item.request.options.want_attention and result.attention is not None
            attention = result.attention[rows] if wanted and result.attention is not None else None
            item.search.advance(
                Candidates(
                    result.ids[rows],
                    result.log_probabilities[rows],
                    attention,
                    result.probe_log_probabilities[rows],
                )
            )
            if item.search.done:
                left.append(item)
        return left

    def _take_steps(self, result: StepsResult) -> list[Item]:
        left: list[Item] = []
        all_ids, all_gains = result.ids.tolist(), result.log_probabilities.tolist()
        for item, row in self._layout.places():
            assert isinstance(item.search, Greedy), "only greedy rows take several steps: a bug"
            gains = all_gains[row]
            item.search.extend(all_ids[row], gains)
            if item.search.total != item.search.total:
                left += _failed([item], FloatingPointError("a step returned not-a-number"))
            elif item.search.done:
                left.append(item)
        return left

    def _fail_all(self, error: Exception) -> list[Item]:
        """Fail every item of the batch and begin anew."""
        items = self._layout.items()
        self.failures += 1
        log.error("a step failed; %d items are lost", len(items), exc_info=error)
        self._layout.clear()
        self._joined = False
        self._backend.reset()
        return _failed(items, error)


def _failed(items: Sequence[Item], error: Exception) -> list[Item]:
    for item in items:
        item.error = EngineFailure(f"a decode step failed: {type(error).__name__}")
    return list(items)
