"""A closed-loop load over HTTP, run in a process of its own.

Each client sends its next request when the last one is answered.
"""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context

import aiohttp
import numpy as np


@dataclass(frozen=True)
class Load:
    """How hard to push: `clients` at once, until `requests` are answered or `seconds` are over."""

    clients: int
    requests: int
    seconds: float
    beam_size: int = 1


@dataclass(frozen=True)
class Outcome:
    """What a load got: answers a second, target tokens a second, latencies in milliseconds."""

    clients: int
    requests: int
    errors: int
    requests_per_s: float
    tokens_per_s: float
    p50_ms: float
    p99_ms: float


def summarize(
    clients: int, latencies: Sequence[float], tokens: int, errors: int, seconds: float
) -> Outcome:
    """Condense one load's measurements; `latencies` and `seconds` in seconds."""
    p50, p99 = np.percentile(latencies, (50, 99)) if latencies else (float("nan"), float("nan"))
    return Outcome(
        clients=clients,
        requests=len(latencies),
        errors=errors,
        requests_per_s=len(latencies) / seconds,
        tokens_per_s=tokens / seconds,
        p50_ms=1000 * float(p50),
        p99_ms=1000 * float(p99),
    )


class _Tally:
    def __init__(self) -> None:
        self.latencies: list[float] = []
        self.tokens = 0
        self.errors = 0


async def _client(
    session: aiohttp.ClientSession,
    url: str,
    bodies: Iterator[dict[str, object]],
    end: float,
    tally: _Tally,
) -> None:
    for body in bodies:
        if time.perf_counter() > end:
            return
        started = time.perf_counter()
        async with session.post(url, json=body) as response:
            answer = await response.json(content_type=None)
            if response.status != 200:
                tally.errors += 1
                continue
        tally.latencies.append(time.perf_counter() - started)
        tally.tokens += answer["usage"]["target_tokens"]


async def _drive(url: str, texts: Sequence[str], load: Load) -> Outcome:
    tally = _Tally()
    options = {"beam_size": load.beam_size}
    bodies: Iterator[dict[str, object]] = (
        {"text": text, "source": "en", "target": "fr", "options": options}
        for text in itertools.islice(itertools.cycle(texts), load.requests)
    )
    connector = aiohttp.TCPConnector(limit=load.clients)
    async with aiohttp.ClientSession(connector=connector) as session:
        started = time.perf_counter()
        end = started + load.seconds
        async with asyncio.TaskGroup() as group:
            for _ in range(load.clients):
                group.create_task(_client(session, url, bodies, end, tally))
        elapsed = time.perf_counter() - started
    return summarize(load.clients, tally.latencies, tally.tokens, tally.errors, elapsed)


def _run(url: str, texts: Sequence[str], load: Load) -> Outcome:
    return asyncio.run(_drive(url, texts, load))


def drive(url: str, texts: Sequence[str], load: Load) -> Outcome:
    """Push `load` at `url` from another process; `texts` are sent in turn.

    Raises:
        aiohttp.ClientError: the server went away.
    """
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(_run, url, list(texts), load).result()
