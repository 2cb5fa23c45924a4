"""The running batch of a model that decodes numbers: its rows are fed what they returned."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from app.artifacts.manifest import ValueDecoding
from app.engine.backend import Floats, ValueBackend
from app.engine.batch import Batch
from app.engine.config import EngineConfig
from app.engine.item import Item
from app.engine.observer import Observer
from app.engine.request import SequenceRequest, SequenceResult
from app.search.series import Series


class ValueItem(Item):
    """An item whose output is a series of numbers."""

    search: Series

    def result(self) -> SequenceResult:
        """Return the answer; the series must be done."""
        return SequenceResult((), self.length, tuple(self.search.values))


class ValueBatch(Batch[ValueItem]):
    """Steps return a value for each row; nothing is chosen, so several are taken in one call.

    A value that is not finite is passed on: the rows are independent, and who asked may judge.
    """

    _item_type = ValueItem

    def __init__(
        self,
        backend: ValueBackend[Any],
        decoding: ValueDecoding,
        config: EngineConfig,
        observer: Observer,
        clock: Callable[[], float],
    ) -> None:
        """Begin with no rows."""
        super().__init__(backend, config, observer, clock)
        self._steps_of = backend
        self._decoding = decoding

    def _search(self, request: SequenceRequest) -> Series:
        return Series(self._decoding.start, self._decoding.steps)

    def _call(self, items: Sequence[ValueItem]) -> list[ValueItem]:
        parents, values, steps = self._parents(), self._values(), self._steps(items)
        began = self._clock()
        result = self._steps_of.advance_values(parents, values, steps)
        self._stepped(len(parents), steps, began)
        left: list[ValueItem] = []
        all_values = result.values.tolist()
        for item, row in self._layout.places():
            item.search.extend(all_values[row])
            if item.search.done:
                left.append(item)
        return left

    def _values(self) -> Floats:
        """Return what each row is fed next, float32 [rows, features]; the start for the dead."""
        start = self._decoding.start
        values = [
            value
            for item, width in self._layout.slots()
            for value in [start if item is None else item.search.value] * width
        ]
        return np.array(values, np.float32)
