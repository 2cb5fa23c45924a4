"""Many clients, some of whom leave, send garbage or have no time, against one service."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import random
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import aiohttp

from scripts.soaking.kinds import GARBAGE, KINDS, Answer, Kind, StreamBroken, ask, body

LEAVE, SEND_GARBAGE, HAVE_NO_TIME = 0.10, 0.05, 0.01
LONGEST_STAY = 0.3  # seconds until a client that will leave has left


@dataclass
class Tally:
    """What came back. `wrong` answers differ from the solo answer; `broken` ones never came.

    Of requests whose connection broke while the service was ending, `cut` keeps what they were, by
    their ids: the service's log tells those that it had not read yet from those that it lost.
    """

    answered: Counter[str] = field(default_factory=Counter)
    refused: int = 0
    left: int = 0
    garbage: int = 0
    late: int = 0
    wrong: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    cut: dict[str, str] = field(default_factory=dict)

    @property
    def passed(self) -> bool:
        """Whether something was answered, and nothing was wrong or lost."""
        return bool(self.answered) and not self.wrong and not self.broken


class Soak:
    """Ask `base` for translations of `texts`, first one by one, then all at once and disturbed."""

    def __init__(self, base: str, texts: Sequence[str], seed: int = 1) -> None:
        """Choose what each client does by `seed`."""
        self._base = base
        self._texts = list(texts)
        self._seed = seed
        self._solo: dict[tuple[str, int], Answer] = {}
        self._numbers = itertools.count()
        self.tally = Tally()
        self.stopping = False  # once true, a service that is gone is no surprise

    def _slice(self, kind: Kind, place: int) -> list[str]:
        return [self._texts[(place + i) % len(self._texts)] for i in range(kind.texts)]

    async def learn(self) -> None:
        """Ask for every answer alone, to compare with later.

        Raises:
            RuntimeError: the service does not answer as it should even then.
        """
        async with aiohttp.ClientSession() as session:
            for kind in KINDS:
                for place in range(len(self._texts)):
                    request = body(kind, self._slice(kind, place))
                    status, answer = await ask(session, self._base, kind, request)
                    if status != 200 or not isinstance(answer, list):
                        raise RuntimeError(f"{kind.name} alone: {status} {answer}")
                    self._solo[kind.name, place] = answer

    async def run(self, clients: int, seconds: float, requests: int = 1 << 60) -> None:
        """Let `clients` send requests until `seconds` are over or `requests` are sent."""
        end = time.monotonic() + seconds
        places = iter(range(requests))
        async with aiohttp.TCPConnector(limit=0) as connector, asyncio.TaskGroup() as group:
            for number in range(clients):
                group.create_task(self._client(connector, number, places, end))

    async def _client(
        self, connector: aiohttp.BaseConnector, number: int, places: Iterator[int], end: float
    ) -> None:
        chance = random.Random(f"{self._seed} {number}")  # noqa: S311 - no secret
        timeout = aiohttp.ClientTimeout(total=120)
        async with aiohttp.ClientSession(
            connector=connector, connector_owner=False, timeout=timeout
        ) as session:
            await self._requests(session, chance, places, end)

    async def _requests(
        self,
        session: aiohttp.ClientSession,
        chance: random.Random,
        places: Iterator[int],
        end: float,
    ) -> None:
        for _ in places:
            if time.monotonic() > end:
                return
            session.headers["X-Request-ID"] = name = f"soak-{next(self._numbers)}"
            kind = chance.choices(KINDS, [kind.share for kind in KINDS])[0]
            place, roll = chance.randrange(len(self._texts)), chance.random()
            try:
                if roll < LEAVE:
                    await self._leave(session, kind, place, chance.uniform(0, LONGEST_STAY))
                elif roll < LEAVE + SEND_GARBAGE:
                    await self._send_garbage(session, chance.choice(GARBAGE))
                elif roll < LEAVE + SEND_GARBAGE + HAVE_NO_TIME:
                    await self._have_no_time(session, kind, place)
                else:
                    await self._ask(session, kind, place)
            except (aiohttp.ClientError, TimeoutError, StreamBroken) as error:
                if self.stopping and isinstance(error, aiohttp.ClientConnectorError):
                    return
                if self.stopping and isinstance(error, aiohttp.ClientError):
                    self.tally.cut[name] = f"{kind.name}: {error!r}"
                else:
                    self.tally.broken.append(f"{kind.name}: {error!r}")

    async def _ask(self, session: aiohttp.ClientSession, kind: Kind, place: int) -> None:
        status, answer = await ask(session, self._base, kind, body(kind, self._slice(kind, place)))
        if status == 503:
            self.tally.refused += 1
            await asyncio.sleep(0.2)
        elif status != 200:
            self.tally.broken.append(f"{kind.name}: {status} {answer}")
        elif answer != self._solo[kind.name, place]:
            self.tally.wrong.append(f"{kind.name} {place}: {answer}")
        else:
            self.tally.answered[kind.name] += 1

    async def _leave(
        self, session: aiohttp.ClientSession, kind: Kind, place: int, stay: float
    ) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(stay):
                await ask(session, self._base, kind, body(kind, self._slice(kind, place)))
        self.tally.left += 1

    async def _send_garbage(self, session: aiohttp.ClientSession, data: bytes) -> None:
        headers = {"Content-Type": "application/json"}
        async with session.post(f"{self._base}/v1/translate", data=data, headers=headers) as answer:
            problem = await answer.json(content_type=None)
            if not (400 <= answer.status < 500 or answer.status == 503) or "code" not in problem:
                self.tally.broken.append(f"garbage: {answer.status}")
        self.tally.garbage += 1

    async def _have_no_time(self, session: aiohttp.ClientSession, kind: Kind, place: int) -> None:
        request = body(kind, self._slice(kind, place), deadline_ms=1)
        status, answer = await ask(session, self._base, kind, request)
        if status == 200 and answer != self._solo[kind.name, place]:
            self.tally.wrong.append(f"{kind.name} {place}, in a hurry: {answer}")
        elif status not in (200, 503, 504):
            self.tally.broken.append(f"in a hurry: {status} {answer}")
        self.tally.late += 1


async def settle(base: str, seconds: float = 30.0) -> dict[str, float]:
    """Wait until nothing is left to do; return the gauges that are still above zero.

    The request that asks is itself one that runs.
    """
    end = time.monotonic() + seconds
    async with aiohttp.ClientSession() as session:
        while True:
            async with session.get(f"{base}/metrics") as response:
                gauges = _gauges(await response.text())
            busy = {name: value for name, value in gauges.items() if value > 0}
            if not busy or time.monotonic() > end:
                return busy
            await asyncio.sleep(0.1)


def _gauges(text: str) -> dict[str, float]:
    found: dict[str, float] = {}
    for line in text.splitlines():
        name, _, value = line.rpartition(" ")
        if name.startswith("dragoman_rows"):
            found[name] = float(value)
        elif name.startswith("dragoman_requests_running"):
            found[name] = float(value) - 1
    return found
