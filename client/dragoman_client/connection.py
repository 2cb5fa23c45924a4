"""Connections to one service: tries, timeouts and closing, with threads and with asyncio."""

from __future__ import annotations

import random
import uuid
from asyncio import sleep as async_sleep
from collections.abc import Mapping
from contextlib import aclosing, closing
from time import sleep
from types import TracebackType
from typing import Self, TypeVar

import httpx2

from dragoman_client import wire
from dragoman_client.body import Body
from dragoman_client.reading import Reader
from dragoman_client.retry import RetryPolicy
from dragoman_client.tasks import Task
from dragoman_client.version import __version__

DEFAULT_URL = "http://127.0.0.1:8000"
DEFAULT_TIMEOUT = 60.0
USER_AGENT = f"dragoman-client/{__version__}"
T = TypeVar("T")


class Connection:
    """A connection pool to one service; threads may share it, `with` or `close()` closes it.

    Args:
        base_url: where the service listens.
        timeout: seconds to wait for the answer to one try; each call may set its own.
        retries: further tries after a refusal (429, 503) or a lost connection, with pauses that
            honour `Retry-After`.
        headers: sent with every request, `Authorization` for a proxy say.
        transport: another way to exchange messages, `httpx2.MockTransport` in tests.
    """

    def __init__(
        self,
        base_url: str = DEFAULT_URL,
        *,
        timeout: float = DEFAULT_TIMEOUT,
        retries: int = 2,
        headers: Mapping[str, str] | None = None,
        transport: httpx2.BaseTransport | None = None,
    ) -> None:
        """Open nothing yet: the first call connects."""
        self._timeout = timeout
        self._policy = RetryPolicy(retries)
        self._http = httpx2.Client(
            base_url=base_url,
            headers={"User-Agent": USER_AGENT, **(headers or {})},
            transport=transport,
        )

    def close(self) -> None:
        """Close the connections; the client cannot be used afterwards."""
        self._http.close()

    def __enter__(self) -> Self:
        """Use the client in a `with` statement."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the connections."""
        self.close()

    def _ask(
        self,
        task: Task[T],
        items: object,
        arguments: Mapping[str, object],
        timeout: float | None,
    ) -> T | list[T]:
        """The result for one item, or a list of them for a list."""
        body, one = task.body(items, arguments), task.one(items)
        response, request_id = self._send("POST", task.path, body, timeout)
        count = 1 if one else len(items)  # type: ignore[arg-type]
        found = wire.read_results(task.read, response, request_id, count)
        return found[0] if one else found

    def _open(
        self,
        task: Task[T],
        items: object,
        arguments: Mapping[str, object],
        timeout: float | None,
    ) -> tuple[Reader[T], httpx2.Response, str, bool]:
        """What a stream of the task's results is made of."""
        body = task.body(items, arguments)
        path = f"{task.path}/stream"
        response, request_id = self._send("POST", path, body, timeout, stream=True)
        return task.read, response, request_id, not task.one(items)

    def _send(
        self,
        method: str,
        path: str,
        body: Body | None,
        timeout: float | None,
        *,
        stream: bool = False,
    ) -> tuple[httpx2.Response, str]:
        """Exchange messages until there is an answer or no hope; all tries share one request id."""
        request_id = uuid.uuid4().hex
        headers = wire.headers(request_id, body)
        content = None if body is None else body.content
        seconds = self._timeout if timeout is None else timeout
        tried = 0
        while True:
            try:
                request = self._http.build_request(
                    method, path, content=content, headers=headers, timeout=seconds
                )
                response = self._http.send(request, stream=stream)
                if not response.is_success:
                    with closing(response):
                        response.read()
                failure = wire.failure_of(response, request_id)
                if failure is None:
                    return response, wire.request_id_of(response, request_id)
            except httpx2.RequestError as error:
                failure = wire.failure_of_exchange(error, request_id)
            pause = self._policy.pause(failure, tried, random.random())  # noqa: S311 (jitter)
            if pause is None:
                raise failure
            sleep(pause)
            tried += 1


class AsyncConnection:
    """A connection pool to one service, for one event loop; `async with` or `close()` closes it.

    Args:
        base_url: where the service listens.
        timeout: seconds to wait for the answer to one try; each call may set its own.
        retries: further tries after a refusal (429, 503) or a lost connection, with pauses that
            honour `Retry-After`.
        headers: sent with every request, `Authorization` for a proxy say.
        transport: another way to exchange messages, `httpx2.MockTransport` in tests.
    """

    def __init__(
        self,
        base_url: str = DEFAULT_URL,
        *,
        timeout: float = DEFAULT_TIMEOUT,
        retries: int = 2,
        headers: Mapping[str, str] | None = None,
        transport: httpx2.AsyncBaseTransport | None = None,
    ) -> None:
        """Open nothing yet: the first call connects."""
        self._timeout = timeout
        self._policy = RetryPolicy(retries)
        self._http = httpx2.AsyncClient(
            base_url=base_url,
            headers={"User-Agent": USER_AGENT, **(headers or {})},
            transport=transport,
        )

    async def close(self) -> None:
        """Close the connections; the client cannot be used afterwards."""
        await self._http.aclose()

    async def __aenter__(self) -> Self:
        """Use the client in an `async with` statement."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the connections."""
        await self.close()

    async def _ask(
        self,
        task: Task[T],
        items: object,
        arguments: Mapping[str, object],
        timeout: float | None,
    ) -> T | list[T]:
        """The result for one item, or a list of them for a list."""
        body, one = task.body(items, arguments), task.one(items)
        response, request_id = await self._send("POST", task.path, body, timeout)
        count = 1 if one else len(items)  # type: ignore[arg-type]
        found = wire.read_results(task.read, response, request_id, count)
        return found[0] if one else found

    async def _open(
        self,
        task: Task[T],
        items: object,
        arguments: Mapping[str, object],
        timeout: float | None,
    ) -> tuple[Reader[T], httpx2.Response, str, bool]:
        """What a stream of the task's results is made of."""
        body = task.body(items, arguments)
        path = f"{task.path}/stream"
        response, request_id = await self._send("POST", path, body, timeout, stream=True)
        return task.read, response, request_id, not task.one(items)

    async def _send(
        self,
        method: str,
        path: str,
        body: Body | None,
        timeout: float | None,
        *,
        stream: bool = False,
    ) -> tuple[httpx2.Response, str]:
        """Exchange messages until there is an answer or no hope; all tries share one request id."""
        request_id = uuid.uuid4().hex
        headers = wire.headers(request_id, body)
        content = None if body is None else body.content
        seconds = self._timeout if timeout is None else timeout
        tried = 0
        while True:
            try:
                request = self._http.build_request(
                    method, path, content=content, headers=headers, timeout=seconds
                )
                response = await self._http.send(request, stream=stream)
                if not response.is_success:
                    async with aclosing(response):
                        await response.aread()
                failure = wire.failure_of(response, request_id)
                if failure is None:
                    return response, wire.request_id_of(response, request_id)
            except httpx2.RequestError as error:
                failure = wire.failure_of_exchange(error, request_id)
            pause = self._policy.pause(failure, tried, random.random())  # noqa: S311 (jitter)
            if pause is None:
                raise failure
            await async_sleep(pause)
            tried += 1
