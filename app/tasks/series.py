"""Read series of numbers as a request holds them: nested lists of JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from app.artifacts.manifest import Manifest
from app.errors import FieldError, InvalidRequest, TooLong
from app.tasks.job import Job

Steps = NDArray[np.float32]
_LARGEST = float(np.finfo(np.float32).max)


@dataclass(frozen=True)
class SeriesJob(Job):
    """Series to go on from, each still as it was sent; `listed` says whether as a list."""

    FIELD: ClassVar[str] = "values"
    NOUN: ClassVar[str] = "series"
    NOUNS: ClassVar[str] = "series"

    series: tuple[object, ...]
    listed: bool

    @property
    def count(self) -> int:
        """How many series there are."""
        return len(self.series)

    def pointer(self, place: int) -> str:
        """Return where the series at `place` stands in the request."""
        return f"/values/{place}" if self.listed else "/values"


def split(values: Sequence[object], features: int) -> tuple[tuple[object, ...], bool]:
    """Return the series that a request's `values` hold, and whether they are a list of them.

    What a step is decides: of one number, `[1, 2]` is a series and `[[1, 2]]` a list of one; of two
    numbers, `[[1, 2]]` is a series of one step and `[[[1, 2]]]` a list.
    """
    first = values[0] if values else None
    if features > 1 and isinstance(first, list):
        first = first[0] if first else None
    return (tuple(values), True) if isinstance(first, list) else ((values,), False)


def read_series(series: object, manifest: Manifest, pointer: str) -> Steps:
    """Return one series as float32 [steps, features].

    Raises:
        InvalidRequest: it is none, too short, or holds something else than finite numbers.
        TooLong: it has more steps than `manifest.limits.max_source`; nothing is ever cut.
    """
    name, features, limits = manifest.name, manifest.source_features, manifest.limits
    if not isinstance(series, list):
        what = "numbers" if features == 1 else f"steps, each a list of {features} numbers"
        raise _invalid(pointer, f"must be a list of {what}")
    if len(series) < limits.min_source:
        message = f"is {len(series)} steps long; {name} reads at least {limits.min_source}"
        raise _invalid(pointer, message)
    if len(series) > limits.max_source:
        message = f"is {len(series)} steps long; the limit of {name} is {limits.max_source}"
        raise TooLong("The series is too long: split it.", FieldError(pointer, message))
    places = [(f"{pointer}/{at}", step) for at, step in enumerate(series)]
    if features == 1:
        return np.array([[_number(step, place)] for place, step in places], np.float32)
    return np.array([_step(step, features, place) for place, step in places], np.float32)


def _step(step: object, features: int, pointer: str) -> list[float]:
    if not isinstance(step, list) or len(step) != features:
        raise _invalid(pointer, f"must be a list of {features} numbers")
    return [_number(number, f"{pointer}/{at}") for at, number in enumerate(step)]


def _number(number: object, pointer: str) -> float:
    if isinstance(number, bool) or not isinstance(number, int | float):
        raise _invalid(pointer, "must be a number")
    if not -_LARGEST <= number <= _LARGEST:  # nor is NaN
        raise _invalid(pointer, "must be a finite number of 32 bits")
    return float(number)


def _invalid(pointer: str, message: str) -> InvalidRequest:
    return InvalidRequest("The series cannot be read.", FieldError(pointer, message))
