"""The asyncio client; its methods are those of `dragoman_client.client.Dragoman`."""

from __future__ import annotations

import random
import uuid
from asyncio import sleep
from collections.abc import Mapping
from types import TracebackType
from typing import Self, overload

import httpx2

from dragoman_client import wire
from dragoman_client.client import DEFAULT_TIMEOUT, DEFAULT_URL, USER_AGENT
from dragoman_client.results import Model, Translation
from dragoman_client.retry import RetryPolicy


class AsyncDragoman:
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

    @overload
    async def translate(
        self,
        text: str,
        *,
        target: str,
        source: str | None = None,
        model: str | None = None,
        beam_size: int | None = None,
        n_best: int | None = None,
        max_tokens: int | None = None,
        length_penalty: float | None = None,
        return_alignments: bool = False,
        timeout: float | None = None,
    ) -> Translation: ...

    @overload
    async def translate(
        self,
        text: list[str] | tuple[str, ...],
        *,
        target: str,
        source: str | None = None,
        model: str | None = None,
        beam_size: int | None = None,
        n_best: int | None = None,
        max_tokens: int | None = None,
        length_penalty: float | None = None,
        return_alignments: bool = False,
        timeout: float | None = None,
    ) -> list[Translation]: ...

    async def translate(
        self,
        text: str | list[str] | tuple[str, ...],
        *,
        target: str,
        source: str | None = None,
        model: str | None = None,
        beam_size: int | None = None,
        n_best: int | None = None,
        max_tokens: int | None = None,
        length_penalty: float | None = None,
        return_alignments: bool = False,
        timeout: float | None = None,
    ) -> Translation | list[Translation]:
        """Translate a text, or a list of texts as one batch (much faster than one by one).

        Args:
            text: a string gives one `Translation`, a list gives a list in the same order.
            target: the language to translate into, `"fr"` say.
            source: the language of the text; None where the models leave no doubt.
            model: the name of the model to use; None for the first one that fits the languages.
            beam_size: hypotheses kept at each step, 1..16; 1 is greedy and fastest.
            n_best: hypotheses returned, at most `beam_size`; all but the first are `alternatives`.
            max_tokens: the most tokens that one output may have.
            length_penalty: 0 favours short outputs, above 1 long ones.
            return_alignments: whether each result carries its `alignment`.
            timeout: seconds to wait for each try; None for the client's own.

        What is None is left to the service and its model.

        Raises:
            DragomanError: see `dragoman_client.errors` for the tree.
        """
        search = {"beam_size": beam_size, "n_best": n_best}
        body = wire.translate_body(
            text,
            target=target,
            source=source,
            model=model,
            options={**search, "max_tokens": max_tokens, "length_penalty": length_penalty},
            return_alignments=return_alignments,
        )
        response, request_id = await self._send("POST", "/v1/translate", body, timeout)
        if isinstance(text, str):
            return wire.read_translations(response, request_id, 1)[0]
        return wire.read_translations(response, request_id, len(text))

    async def models(self, *, timeout: float | None = None) -> list[Model]:
        """The models that are loaded."""
        return wire.read_models(*await self._send("GET", "/v1/models", None, timeout))

    async def model(self, name: str, *, timeout: float | None = None) -> Model:
        """One loaded model.

        Raises:
            NotFound: no model of that name is loaded.
        """
        return wire.read_model(*await self._send("GET", wire.model_path(name), None, timeout))

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

    async def _send(
        self, method: str, path: str, body: bytes | None, timeout: float | None
    ) -> tuple[httpx2.Response, str]:
        """Exchange messages until there is an answer or no hope; all tries share one request id."""
        request_id = uuid.uuid4().hex
        headers = wire.headers(request_id, body)
        seconds = self._timeout if timeout is None else timeout
        tried = 0
        while True:
            try:
                response = await self._http.request(
                    method, path, content=body, headers=headers, timeout=seconds
                )
                failure = wire.failure_of(response, request_id)
                if failure is None:
                    return response, wire.request_id_of(response, request_id)
            except httpx2.TransportError as error:
                failure = wire.failure_of_transport(error, request_id)
            pause = self._policy.pause(failure, tried, random.random())  # noqa: S311 (jitter)
            if pause is None:
                raise failure
            await sleep(pause)
            tried += 1
