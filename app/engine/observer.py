"""What the engine tells about itself, to whoever counts it."""

from __future__ import annotations

from typing import Protocol

from app.engine.request import FinishReason


class Observer(Protocol):
    """Called on the engine's thread: each method must return quickly and never raise."""

    def step(self, rows: int, steps: int, seconds: float) -> None:
        """One graph call took `steps` decode steps of `rows` rows in `seconds`."""

    def encoded(self, items: int, seconds: float) -> None:
        """One call encoded `items` sources in `seconds`."""

    def admitted(self, rows: int, waited: float) -> None:
        """An item that takes `rows` rows got its place after `waited` seconds."""

    def finished(self, reason: FinishReason, tokens: int) -> None:
        """An item ended; its best output has `tokens` tokens."""


class NullObserver:
    """Listens to nothing."""

    def step(self, rows: int, steps: int, seconds: float) -> None:
        """Ignore it."""

    def encoded(self, items: int, seconds: float) -> None:
        """Ignore it."""

    def admitted(self, rows: int, waited: float) -> None:
        """Ignore it."""

    def finished(self, reason: FinishReason, tokens: int) -> None:
        """Ignore it."""
