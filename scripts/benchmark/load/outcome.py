"""What a load got: samples of single requests, condensed to rates and percentiles."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Reply:
    """What the body of an answer says: target tokens, and the texts."""

    tokens: int
    texts: tuple[str, ...]


@dataclass(frozen=True)
class Sample:
    """One request; times in seconds on the load generator's clock.

    `ended` is None for a request that was still unanswered when the generator gave up, at which
    time it had waited `waited`; otherwise `waited` is its latency.
    """

    began: float
    ended: float | None
    waited: float
    tokens: int = 0
    failed: bool = False
    wrong: bool = False


@dataclass(frozen=True)
class Outcome:
    """Answers a second, target tokens a second, latencies in milliseconds.

    `errors` counts refused, broken and unparsable answers, `unfinished` requests that were never
    answered (their age counts as latency, so that percentiles are at least that), `wrong` answers
    that differ from the reference.
    """

    requests: int
    errors: int
    unfinished: int
    wrong: int
    requests_per_s: float
    tokens_per_s: float
    p50_ms: float
    p99_ms: float


def read_reply(body: bytes) -> Reply:
    """Return what an answer says; `body` is JSON, or server-sent events that end with `done`.

    Raises:
        ValueError: the body is neither, or the stream ended otherwise.
        KeyError: a field is missing.
    """
    if body.startswith(b"{"):
        answer = json.loads(body)
    else:
        events = [line[5:] for line in body.splitlines() if line.startswith(b"data:")]
        last = json.loads(events[-1]) if events else {}
        if last.get("type") != "done":
            raise ValueError("the stream did not end with `done`")
        answer = last["result"]
    [outputs] = (value for value in answer.values() if isinstance(value, list))
    texts = tuple(item["text"] for item in outputs)
    return Reply(int(answer["usage"]["target_tokens"]), texts)


def summarize(samples: Iterable[Sample], begin: float, end: float) -> Outcome:
    """Condense what happened between `begin` and `end`.

    Rates count the answers that came within the window, latencies the requests sent within it.
    """
    samples = list(samples)
    sent = [s for s in samples if begin <= s.began < end]
    good = [s for s in samples if s.ended is not None and not s.failed]
    came = [s for s in good if s.ended is not None and begin <= s.ended < end]
    p50, p99 = _percentiles([s.waited for s in sent if not s.failed])
    return Outcome(
        requests=len(came),
        errors=sum(s.failed for s in sent),
        unfinished=sum(s.ended is None for s in sent),
        wrong=sum(s.wrong for s in came),
        requests_per_s=len(came) / (end - begin),
        tokens_per_s=sum(s.tokens for s in came) / (end - begin),
        p50_ms=p50,
        p99_ms=p99,
    )


def _percentiles(seconds: Sequence[float]) -> tuple[float, float]:
    if not seconds:
        return float("nan"), float("nan")
    p50, p99 = 1000 * np.percentile(seconds, (50, 99))
    return float(p50), float(p99)
