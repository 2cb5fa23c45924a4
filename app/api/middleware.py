"""Pure ASGI middleware: what surrounds every request."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Mapping

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api.budget import Budget
from app.api.context import RequestContext, attach, request_id
from app.api.gate import Gate
from app.api.problems import unforeseen
from app.errors import DeadlineExceeded
from app.observability.logging import log_bug, log_event
from app.observability.metrics import Metrics

logger = logging.getLogger("dragoman.request")

UNREAD = 1.0
"""Seconds beyond its deadline in which a client may still take its answer."""
_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


class ObserveRequests:
    """Give each request its id, count it at the gate, log and measure it once answered.

    While the service drains, each answer asks its client to close the connection: what came over it
    next might find the service gone. A client that does not take its answer is cut off once its
    time is over, since nothing can be told to it.
    """

    def __init__(self, app: ASGIApp, gate: Gate, metrics: Metrics, deadline: float) -> None:
        """Wrap `app`; a request gets `deadline` seconds."""
        self._app, self._gate, self._metrics, self._deadline = app, gate, metrics, deadline

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        now = time.monotonic()
        identity = request_id(Headers(scope=scope).get("x-request-id"))
        context = RequestContext(identity, started=now, deadline=now + self._deadline)
        attach(scope, context)
        status = 0

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                headers["X-Request-ID"] = identity
                if self._gate.draining:
                    headers["Connection"] = "close"
            left = max(0.0, context.deadline - time.monotonic())
            try:
                async with asyncio.timeout(left + UNREAD):
                    await send(message)
            except TimeoutError:
                raise Unread from None

        self._gate.running += 1
        try:
            await self._app(scope, receive, send_with_id)
        except Unread:
            context.code = DeadlineExceeded.code
        except Exception as error:
            log_bug(logger, context.request_id, error)
            if not status:
                await unforeseen(scope)(scope, receive, send_with_id)
        finally:
            self._gate.running -= 1
            self._report(scope, context, status)

    def _report(self, scope: Scope, context: RequestContext, status: int) -> None:
        seconds = time.monotonic() - context.started
        page = "page" if 0 < status < 400 else "unmatched"
        route = getattr(scope.get("route"), "path", None) or page
        method = scope["method"] if scope["method"] in _METHODS else "OTHER"
        self._metrics.request(method, route, status, context.code, seconds)
        log_event(
            logger,
            logging.INFO,
            "request",
            method=method,
            route=route,
            status=status,
            seconds=round(seconds, 6),
            request_id=context.request_id,
            items=context.items,
            tokens=context.tokens,
            code=context.code,
        )


class Unread(Exception):
    """A client does not take its answer; only its connection can be closed."""


class LimitBody:
    """Refuse bodies of more than `limit` bytes: at the first byte if they say so, or as they grow.

    The paths in `larger` have limits of their own, and share `budget`: what they have received is
    held until they are answered. The application is told as it asks for the body, so that it
    answers with a problem, and its route is known by then.
    """

    def __init__(self, app: ASGIApp, limit: int, larger: Mapping[str, int], budget: Budget) -> None:
        """Wrap `app`."""
        self._app, self._limit, self._larger, self._budget = app, limit, larger, budget

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        limit = self._larger.get(scope["path"], self._limit)
        budget = self._budget if scope["path"] in self._larger else None
        declared = Headers(scope=scope).get("content-length", "0")
        length = int(declared[:20]) if declared.isascii() and declared.isdigit() else 0
        size = 0

        async def receive_at_most() -> Message:
            nonlocal size
            if length > limit:
                raise BodyTooLarge(limit)
            if budget is not None and not size:
                budget.check(length)
            message = await receive()
            if message["type"] == "http.request":
                more = len(message.get("body", b""))
                if size + more > limit:
                    raise BodyTooLarge(limit)
                if budget is not None:
                    budget.take(more)
                size += more
            return message

        try:
            await self._app(scope, receive_at_most, send)
        finally:
            if budget is not None:
                budget.give_back(size)


class BodyTooLarge(HTTPException):
    """A body has, or says that it has, more bytes than the limit."""

    def __init__(self, limit: int) -> None:
        """Say what the limit is."""
        super().__init__(413, f"The limit is {limit} bytes: send less.")
