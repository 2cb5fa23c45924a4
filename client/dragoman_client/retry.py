"""Whether and when to try again: pure arithmetic."""

from __future__ import annotations

from dataclasses import dataclass

from dragoman_client.errors import DragomanError


@dataclass(frozen=True)
class RetryPolicy:
    """Exponential pauses with jitter, never shorter than what `Retry-After` asks for.

    Args:
        retries: how often to try again after the first try.
        first: seconds of the first pause; each further one is twice as long.
        longest: seconds; a service that asks for more is not waited for.
    """

    retries: int = 2
    first: float = 0.5
    longest: float = 30.0

    def pause(self, failure: DragomanError, tried: int, chance: float) -> float | None:
        """Seconds to wait before the next try, or None to give up.

        Args:
            failure: how the last try ended.
            tried: how many retries there have been.
            chance: a uniform random number in 0..1. With `first` 0.5, the first pause is in
                0.25..0.5 s; with `Retry-After: 2` it is in 2.25..2.5 s, so that the refused do not
                all return at once.
        """
        if not failure.retriable or tried >= self.retries:
            return None
        asked = failure.retry_after or 0.0
        if asked > self.longest:
            return None
        backoff = min(self.longest, self.first * 2.0**tried)
        return asked + backoff * (0.5 + 0.5 * chance)
