"""The synchronous client."""

from __future__ import annotations

import random
import uuid
from collections.abc import Mapping
from time import sleep
from types import TracebackType
from typing import Self, Unpack, overload

import httpx2

from dragoman_client import reading, wire
from dragoman_client.arguments import SummarizeArguments, TranslateArguments
from dragoman_client.results import Model, Summary, Translation
from dragoman_client.retry import RetryPolicy
from dragoman_client.stream import SummaryStream, TranslationStream
from dragoman_client.version import __version__

DEFAULT_URL = "http://127.0.0.1:8000"
DEFAULT_TIMEOUT = 60.0
USER_AGENT = f"dragoman-client/{__version__}"


class Dragoman:
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

    @overload
    def translate(
        self, text: str, *, timeout: float | None = None, **arguments: Unpack[TranslateArguments]
    ) -> Translation: ...

    @overload
    def translate(
        self,
        text: list[str] | tuple[str, ...],
        *,
        timeout: float | None = None,
        **arguments: Unpack[TranslateArguments],
    ) -> list[Translation]: ...

    def translate(
        self,
        text: str | list[str] | tuple[str, ...],
        *,
        timeout: float | None = None,
        **arguments: Unpack[TranslateArguments],
    ) -> Translation | list[Translation]:
        """Translate a text, or a list of texts as one batch (much faster than one by one).

        Args:
            text: a string gives one `Translation`, a list gives a list in the same order.
            timeout: seconds to wait for each try; None for the client's own.
            arguments: `target` and more, see `dragoman_client.arguments.TranslateArguments`.

        Raises:
            DragomanError: see `dragoman_client.errors` for the tree.
        """
        body = wire.translate_body(text, arguments)
        response, request_id = self._send("POST", "/v1/translate", body, timeout)
        if isinstance(text, str):
            return wire.read_results(reading.translations, response, request_id, 1)[0]
        return wire.read_results(reading.translations, response, request_id, len(text))

    def translate_stream(
        self,
        text: str | list[str] | tuple[str, ...],
        *,
        timeout: float | None = None,
        **arguments: Unpack[TranslateArguments],
    ) -> TranslationStream:
        """Translate like `translate`, and return the pieces as they are decided.

        What was refused is tried again before the first piece, never after it. `timeout` is the
        longest silence, not the whole time.

        Raises:
            DragomanError: the service did not begin; what breaks later, reading raises.
        """
        body = wire.translate_body(text, arguments)
        response, request_id = self._send(
            "POST", "/v1/translate/stream", body, timeout, stream=True
        )
        listed = not isinstance(text, str)
        return TranslationStream(reading.translations, response, request_id, listed)

    @overload
    def summarize(
        self, text: str, *, timeout: float | None = None, **arguments: Unpack[SummarizeArguments]
    ) -> Summary: ...

    @overload
    def summarize(
        self,
        text: list[str] | tuple[str, ...],
        *,
        timeout: float | None = None,
        **arguments: Unpack[SummarizeArguments],
    ) -> list[Summary]: ...

    def summarize(
        self,
        text: str | list[str] | tuple[str, ...],
        *,
        timeout: float | None = None,
        **arguments: Unpack[SummarizeArguments],
    ) -> Summary | list[Summary]:
        """Summarize a text, or a list of texts as one batch (much faster than one by one).

        Of a text that is longer than the model reads, the beginning is read: see `Summary.read`.

        Args:
            text: a string gives one `Summary`, a list gives a list in the same order.
            timeout: seconds to wait for each try; None for the client's own.
            arguments: see `dragoman_client.arguments.SummarizeArguments`.

        Raises:
            DragomanError: see `dragoman_client.errors` for the tree.
        """
        body = wire.summarize_body(text, arguments)
        response, request_id = self._send("POST", "/v1/summarize", body, timeout)
        if isinstance(text, str):
            return wire.read_results(reading.summaries, response, request_id, 1)[0]
        return wire.read_results(reading.summaries, response, request_id, len(text))

    def summarize_stream(
        self,
        text: str | list[str] | tuple[str, ...],
        *,
        timeout: float | None = None,
        **arguments: Unpack[SummarizeArguments],
    ) -> SummaryStream:
        """Summarize like `summarize`, and return the pieces as they are decided.

        Tries and `timeout` are those of `translate_stream`.

        Raises:
            DragomanError: the service did not begin; what breaks later, reading raises.
        """
        body = wire.summarize_body(text, arguments)
        response, request_id = self._send(
            "POST", "/v1/summarize/stream", body, timeout, stream=True
        )
        listed = not isinstance(text, str)
        return SummaryStream(reading.summaries, response, request_id, listed)

    def models(self, *, timeout: float | None = None) -> list[Model]:
        """The models that are loaded."""
        return wire.read_models(*self._send("GET", "/v1/models", None, timeout))

    def model(self, name: str, *, timeout: float | None = None) -> Model:
        """One loaded model.

        Raises:
            NotFound: no model of that name is loaded.
        """
        return wire.read_model(*self._send("GET", wire.model_path(name), None, timeout))

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

    def _send(
        self,
        method: str,
        path: str,
        body: bytes | None,
        timeout: float | None,
        *,
        stream: bool = False,
    ) -> tuple[httpx2.Response, str]:
        """Exchange messages until there is an answer or no hope; all tries share one request id."""
        request_id = uuid.uuid4().hex
        headers = wire.headers(request_id, body)
        seconds = self._timeout if timeout is None else timeout
        tried = 0
        while True:
            try:
                request = self._http.build_request(
                    method, path, content=body, headers=headers, timeout=seconds
                )
                response = self._http.send(request, stream=stream)
                if not response.is_success:
                    response.read()
                failure = wire.failure_of(response, request_id)
                if failure is None:
                    return response, wire.request_id_of(response, request_id)
            except httpx2.TransportError as error:
                failure = wire.failure_of_transport(error, request_id)
            pause = self._policy.pause(failure, tried, random.random())  # noqa: S311 (jitter)
            if pause is None:
                raise failure
            sleep(pause)
            tried += 1
