"""Bodies are bounded one by one, and those with images all together; answers by their time."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest
from pydantic import BaseModel
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api import middleware, streams
from app.api.budget import Budget
from app.api.context import RequestContext, attach, context_of
from app.api.gate import Gate
from app.api.middleware import LimitBody, ObserveRequests
from app.api.streams import EventStream
from app.errors import Overloaded
from app.observability.metrics import Metrics


async def reads(scope: Scope, receive: Receive, send: Send) -> None:
    """An application that reads all of the body, and answers with how much the budget holds."""
    more = True
    while more:
        more = (await receive()).get("more_body", False)
    held = scope["state"]["budget"].held
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": json.dumps({"held": held}).encode()})


async def post(
    budget: Budget, *chunks: bytes, path: str = "/v1/caption", declared: int | None = None
) -> tuple[int, Any]:
    headers = [] if declared is None else [(b"content-length", str(declared).encode())]
    scope: Scope = {
        "type": "http",
        "method": "POST",
        "path": path,
        "headers": headers,
        "state": {"budget": budget},
    }
    attach(scope, RequestContext("id", 0.0, 1.0))
    coming = list(chunks)
    sent: list[Message] = []

    async def receive() -> Message:
        body = coming.pop(0)
        return {"type": "http.request", "body": body, "more_body": bool(coming)}

    async def send(message: Message) -> None:
        sent.append(message)

    app = LimitBody(reads, limit=10, larger={"/v1/caption": 100}, budget=budget)
    await app(scope, receive, send)
    return sent[0]["status"], json.loads(sent[1]["body"])


async def test_what_is_received_is_held_until_the_answer() -> None:
    budget = Budget(100)
    assert await post(budget, bytes(30), bytes(20)) == (200, {"held": 50})
    assert budget.held == 0


async def test_other_paths_are_bounded_alone() -> None:
    budget = Budget(100)
    assert await post(budget, bytes(10), path="/v1/translate") == (200, {"held": 0})
    status, problem = await post(budget, bytes(9), path="/v1/translate", declared=11)
    assert (status, problem["code"]) == (413, "too_large")


@pytest.mark.parametrize("declared", [60, None])
async def test_what_does_not_fit_beside_others_is_refused(declared: int | None) -> None:
    budget = Budget(100)
    budget.take(50)
    status, problem = await post(budget, bytes(40), bytes(20), declared=declared)
    assert (status, problem["code"]) == (503, "overloaded")
    assert budget.held == 50
    assert await post(budget, bytes(40), declared=40) == (200, {"held": 90})


async def test_a_false_length_helps_nobody() -> None:
    budget = Budget(100)
    budget.take(50)
    status, _ = await post(budget, bytes(90), declared=1)
    assert status == 503
    with pytest.raises(Overloaded):
        budget.check(51)


async def tells(scope: Scope, receive: Receive, send: Send) -> None:
    """An application that has much to tell."""
    await send({"type": "http.response.start", "status": 200, "headers": []})
    while True:
        await send({"type": "http.response.body", "body": b"much", "more_body": True})


async def waits(scope: Scope, receive: Receive, send: Send) -> None:
    """A stream that has nothing to tell, but that it lives."""

    async def events() -> AsyncIterator[Sequence[BaseModel]]:
        await asyncio.Event().wait()
        yield []

    await EventStream(events(), lambda: None)(scope, receive, send)


@pytest.mark.parametrize("app", [tells, waits])
async def test_a_client_that_does_not_take_its_answer_is_cut_off_at_its_deadline(
    monkeypatch: pytest.MonkeyPatch, app: ASGIApp
) -> None:
    monkeypatch.setattr(middleware, "UNREAD", 0.0)
    monkeypatch.setattr(streams, "SILENCE", 0.0)
    gate, taken = Gate(), []

    async def receive() -> Message:
        await asyncio.Event().wait()
        raise AssertionError("nobody leaves")

    async def send(message: Message) -> None:
        taken.append(message["type"])
        if len(taken) > 1:
            await asyncio.Event().wait()

    scope: Scope = {"type": "http", "method": "POST", "path": "/", "headers": []}
    await ObserveRequests(app, gate, Metrics(), deadline=0.01)(scope, receive, send)
    assert taken == ["http.response.start", "http.response.body"]
    assert (gate.running, context_of(scope).code) == (0, "deadline_exceeded")
