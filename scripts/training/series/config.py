"""A recipe for series: two curves, the windows cut from them, a model and its fit."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from scripts.training.config import FitSection, OtherFit
from scripts.training.names import CellName
from scripts.training.series.curves import CURVES

TASK = "series"


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Curves(_Section):
    """Which curve is read and which is written, both over the same points.

    `points` of them lie evenly from `low` to `high`; a window is `window` neighbours. Training
    windows begin at `starts` places, evenly from the first to the last where one fits; each comes
    `passes` times in an epoch.
    """

    source: str
    target: str
    low: float
    high: float
    points: int = Field(100, ge=2)
    window: int = Field(24, ge=1)
    starts: int = Field(400, ge=2)
    passes: int = Field(16, ge=1)

    @model_validator(mode="after")
    def _windows_fit(self) -> Curves:
        for name in (self.source, self.target):
            if name not in CURVES:
                raise ValueError(f"there is no curve {name!r}; there is: {', '.join(CURVES)}")
        if self.low >= self.high or self.window >= self.points:
            raise ValueError("low must be below high, and a window shorter than the curve")
        return self

    @property
    def step(self) -> float:
        """How far two points of a window are apart."""
        return (self.high - self.low) / (self.points - 1)

    @property
    def last(self) -> float:
        """Where the last window begins."""
        return self.high - (self.window - 1) * self.step


class NetworkSection(_Section):
    """Encoder and decoder: one recurrent layer each."""

    cell: CellName = "lstm"
    units: int = Field(75, ge=1)


class TestSection(_Section):
    """How many windows are measured, and which points of the curve begin golden examples."""

    __test__ = False  # not a test of pytest's

    windows: int = Field(200, ge=1)
    golden: tuple[int, ...] = Field(min_length=1)


class SeriesRecipe(_Section):
    """One experiment with series; it needs no files."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$")
    version: int = Field(1, ge=1)
    task: Literal["series"]
    summary: str
    limits: str  # what the model is not for, in its card
    data: Curves
    model: NetworkSection = NetworkSection()
    fit: OtherFit = FitSection()
    evaluate: TestSection

    @model_validator(mode="after")
    def _golden_windows_fit(self) -> SeriesRecipe:
        if max(self.evaluate.golden) > self.data.points - self.data.window:
            raise ValueError("a window of evaluate.golden does not fit into the curve")
        return self
