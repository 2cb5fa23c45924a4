"""Who may come in: counts running requests, and turns new ones away while the service drains."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

from app.errors import Draining

RETRY_AFTER = 5.0
"""Seconds after which another instance should have taken over."""


class Gate:
    """Opened and closed on the event loop; `drain` may also be called by a signal handler."""

    def __init__(self) -> None:
        """Let everything in."""
        self.running = 0
        self.draining = False
        self.expired = False
        """Whether draining took too long: what still runs is turned away too."""
        self._acts: set[Callable[[], None]] = set()

    def drain(self) -> None:
        """Turn new requests away from now on; running ones go on."""
        self.draining = True

    def expire(self) -> None:
        """Turn away what still runs."""
        self.expired = True
        for act in tuple(self._acts):
            act()

    @contextlib.contextmanager
    def on_expiry(self, act: Callable[[], None]) -> Iterator[None]:
        """Call `act`, on the event loop, if draining takes too long before the block ends."""
        self._acts.add(act)
        try:
            if self.expired:
                act()
            yield
        finally:
            self._acts.discard(act)

    def check(self) -> None:
        """Raise `Draining` when new requests are turned away."""
        if self.draining:
            raise draining()


def draining() -> Draining:
    """Return the error for requests that come, or still run, when the service goes."""
    return Draining("The service is shutting down; send it again.", retry_after=RETRY_AFTER)
