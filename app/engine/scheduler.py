"""Who runs next: pure bookkeeping over items, with no thread, clock or model.

An item waits, then holds its rows (first unencoded, then running), then leaves. Requests take
turns, one item each, so that a list of 500 does not keep a single sentence waiting for all of them.
Bulk requests wait in a queue of their own, which gets one place in eight while others wait too.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from typing import Generic, Protocol, TypeVar

BULK_EVERY = 8  # places; one of them goes to bulk even while others wait
IDLE_FACTOR = 4  # how much more is encoded at once while nobody is decoding


class Schedulable(Protocol):
    """What the scheduler needs to know of an item."""

    @property
    def width(self) -> int:
        """Rows that it takes, at least 1."""

    @property
    def length(self) -> int:
        """Source tokens."""


I = TypeVar("I", bound=Schedulable)  # noqa: E741 - an item


class Scheduler(Generic[I]):
    """Decides which items hold rows and which of them are encoded next."""

    def __init__(self, max_rows: int, encode_tokens: int) -> None:
        """Share out `max_rows` rows; encode about `encode_tokens` padded tokens at a time."""
        self.max_rows = max_rows
        self._encode_tokens = encode_tokens
        self._waiting: deque[deque[I]] = deque()
        self._bulk: deque[deque[I]] = deque()
        self._places = 0  # given away so far
        self._unencoded: list[I] = []
        self.running: list[I] = []
        self.rows_in_use = 0

    @property
    def waiting(self) -> int:
        """How many rows wait for a place."""
        return sum(item.width for queue in (*self._waiting, *self._bulk) for item in queue)

    @property
    def idle(self) -> bool:
        """Whether there is nothing to do."""
        return not (self._waiting or self._bulk or self._unencoded or self.running)

    def add(self, items: Sequence[I], *, bulk: bool = False) -> None:
        """Queue the items of one request; none may be wider than `max_rows`."""
        if items:
            (self._bulk if bulk else self._waiting).append(deque(items))

    def admit(self) -> list[I]:
        """Give free rows to waiting items, one request after the other; return those admitted.

        An item too wide for the free rows holds up those behind it, or it might wait for ever.
        """
        admitted: list[I] = []
        while line := self._next_line():
            queue = line[0]
            if self.rows_in_use + queue[0].width > self.max_rows:
                break
            item = queue.popleft()
            self.rows_in_use += item.width
            self._places += 1
            admitted.append(item)
            line.popleft()
            if queue:
                line.append(queue)
        self._unencoded += admitted
        return admitted

    def _next_line(self) -> deque[deque[I]]:
        """Return the line of requests whose turn it is; an empty one if nobody waits."""
        if not self._waiting or (self._bulk and self._places % BULK_EVERY == BULK_EVERY - 1):
            return self._bulk
        return self._waiting

    def next_group(self) -> list[I]:
        """Move the items to encode in this turn to `running` and return them, shortest first.

        The longest-waiting item is always among them; others join by nearness in length while
        count x longest stays within the budget. Budget 29, lengths 9, 4, 10, 20 in order of
        arrival: 9 and 10 are encoded (2 x 10 ≤ 29), then 4, then 20.
        """
        if not self._unencoded:
            return []
        budget = self._encode_tokens * (1 if self.running else IDLE_FACTOR)
        oldest = self._unencoded[0]
        longest = oldest.length
        chosen: list[int] = []
        near = sorted(
            range(len(self._unencoded)),
            key=lambda place: abs(self._unencoded[place].length - oldest.length),
        )
        for place in near:
            width = max(longest, self._unencoded[place].length)
            if chosen and (len(chosen) + 1) * width > budget:
                break
            longest = width
            chosen.append(place)
        group = sorted((self._unencoded[place] for place in chosen), key=lambda item: item.length)
        taken = set(chosen)
        self._unencoded = [item for place, item in enumerate(self._unencoded) if place not in taken]
        self.running += group
        return group

    def drop(self, is_gone: Callable[[I], bool]) -> list[I]:
        """Remove every item for which `is_gone` holds, wherever it is; return them.

        Each item is judged once: what another thread decides meanwhile waits for the next turn.
        """
        gone: list[I] = []
        for queue in (*self._waiting, *self._bulk):
            gone += _take(queue, is_gone)
        self._waiting = deque(queue for queue in self._waiting if queue)
        self._bulk = deque(queue for queue in self._bulk if queue)
        for items in (self._unencoded, self.running):
            lost = _take(items, is_gone)
            self.rows_in_use -= sum(item.width for item in lost)
            gone += lost
        return gone

    def retire(self, item: I) -> None:
        """Free the rows of a running item."""
        self.running.remove(item)
        self.rows_in_use -= item.width


def _take(items: list[I] | deque[I], is_gone: Callable[[I], bool]) -> list[I]:
    """Remove those for which `is_gone` holds from `items`, and return them."""
    judged = [(item, is_gone(item)) for item in items]
    lost = [item for item, gone in judged if gone]
    if lost:
        items.clear()
        items.extend(item for item, gone in judged if not gone)
    return lost
