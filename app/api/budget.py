"""How many bytes all requests together may hold."""

from __future__ import annotations

from app.errors import Overloaded

RETRY_AFTER = 2.0
"""Seconds after which requests that hold much should be done."""


class Budget:
    """Counts bytes on one event loop."""

    def __init__(self, limit: int) -> None:
        """Let `limit` bytes be held at once."""
        self.limit = limit
        self.held = 0

    def check(self, size: int) -> None:
        """Refuse what would not fit beside what is held.

        Raises:
            Overloaded: it would not.
        """
        if self.held + size > self.limit:
            raise Overloaded(
                "The service holds as many images as it can; send it again.",
                retry_after=RETRY_AFTER,
            )

    def take(self, size: int) -> None:
        """Hold `size` bytes more.

        Raises:
            Overloaded: they do not fit; nothing is held then.
        """
        self.check(size)
        self.held += size

    def give_back(self, size: int) -> None:
        """Hold `size` bytes less."""
        self.held -= size
        assert self.held >= 0, "more was given back than taken: this is a bug"
