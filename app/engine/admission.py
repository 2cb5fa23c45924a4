"""Who may come in: rows are counted from arrival to departure, and nothing queues without bound."""

from __future__ import annotations

from collections.abc import Sequence

from app.errors import InvalidRequest, Overloaded

RATE_WINDOW = 5.0  # seconds over which the rate of departures is averaged
SHORTEST_WAIT, LONGEST_WAIT = 1.0, 60.0


class Admission:
    """Counts the rows of all unfinished items; time (monotonic seconds) is passed in."""

    def __init__(self, max_rows: int, max_waiting: int) -> None:
        """Let `max_rows` run while `max_waiting` more wait."""
        self.max_rows = max_rows
        self.capacity = max_rows + max_waiting
        self.reserved = 0
        self._rate = 0.0  # rows a second that leave
        self._at: float | None = None

    def reserve(self, widths: Sequence[int]) -> None:
        """Take places for a request whose items take `widths` rows.

        Raises:
            InvalidRequest: it is empty, or would not fit even if the engine were idle.
            Overloaded: it does not fit now.
        """
        if not widths:
            raise InvalidRequest("the request holds no items")
        rows, widest = sum(widths), max(widths)
        if widest > self.max_rows:
            raise InvalidRequest(
                f"a beam of {widest} needs {widest} rows, and this engine has {self.max_rows}; "
                "use a smaller beam_size"
            )
        if rows > self.capacity:
            raise InvalidRequest(
                f"the request needs {rows} rows at once, and this engine takes {self.capacity}; "
                "send fewer items or use a smaller beam_size"
            )
        if self.reserved + rows > self.capacity:
            wait = self.retry_after(rows)
            raise Overloaded(f"every place is taken; try again in {wait:.0f} s", retry_after=wait)
        self.reserved += rows

    def release(self, rows: int, now: float) -> None:
        """Give back the places of items that have left."""
        self.reserved -= rows
        assert self.reserved >= 0, "more rows left than came: this is a bug"
        if self._at is not None:
            passed = max(now - self._at, 1e-3)
            share = passed / (passed + RATE_WINDOW)
            self._rate += share * (rows / passed - self._rate)
        self._at = now

    def retry_after(self, rows: int) -> float:
        """Return in how many seconds `rows` places should be free at the present rate."""
        missing = self.reserved + rows - self.capacity
        if self._rate <= 0:
            return SHORTEST_WAIT
        return min(LONGEST_WAIT, max(SHORTEST_WAIT, missing / self._rate))
