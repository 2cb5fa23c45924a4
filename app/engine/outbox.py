"""What the engine's thread tells event loops, once a turn: waking a loop costs a system call."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Sequence

Act = Callable[[], None]


class Outbox:
    """Collects what is to be done on event loops; used by one thread."""

    def __init__(self) -> None:
        """Begin empty."""
        self._waiting: dict[asyncio.AbstractEventLoop, list[Act]] = {}

    def post(self, loop: asyncio.AbstractEventLoop, act: Act) -> None:
        """Have `loop` call `act` after the next `flush`, in the order of the posts."""
        self._waiting.setdefault(loop, []).append(act)

    def flush(self) -> None:
        """Wake every loop that something waits for."""
        waiting, self._waiting = self._waiting, {}
        for loop, acts in waiting.items():
            with contextlib.suppress(RuntimeError):  # the loop is closed: nobody is waiting
                loop.call_soon_threadsafe(_do, acts)


def _do(acts: Sequence[Act]) -> None:
    for act in acts:
        act()
