"""Bodies are bounded one by one, and those with images all together; answers by their time."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Sequence

import pytest
from pydantic import BaseModel
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api import middleware, streams
from app.api.budget import Budget
from app.api.context import context_of
from app.api.gate import Gate
from app.api.middleware import BodyTooLarge, LimitBody, ObserveRequests
from app.api.streams import EventStream
from app.errors import Overloaded
from app.observability.metrics import Metrics
from tests.fakes.models import captioner, model
from tests.unit.api.conftest import Serve


async def post(
    budget: Budget, *chunks: bytes, path: str = "/v1/caption", declared: int | None = None
) -> int:
    """Send a body to an application that reads all of it; what the budget holds then."""
    headers = [] if declared is None else [(b"content-length", str(declared).encode())]
    scope: Scope = {"type": "http", "method": "POST", "path": path, "headers": headers}
    coming, held = list(chunks), 0

    async def receive() -> Message:
        body = coming.pop(0)
        return {"type": "http.request", "body": body, "more_body": bool(coming)}

    async def send(message: Message) -> None:
        raise AssertionError("the application answers")

    async def reads(scope: Scope, receive: Receive, send: Send) -> None:
        nonlocal held
        while (await receive())["more_body"]:
            pass
        held = budget.held

    app = LimitBody(reads, limit=10, larger={"/v1/caption": 100}, budget=budget)
    await app(scope, receive, send)
    return held


async def test_what_is_received_is_held_until_the_answer() -> None:
    budget = Budget(100)
    assert await post(budget, bytes(30), bytes(20)) == 50
    assert budget.held == 0


async def test_other_paths_are_bounded_alone() -> None:
    budget = Budget(100)
    assert await post(budget, bytes(10), path="/v1/translate") == 0
    with pytest.raises(BodyTooLarge):
        await post(budget, bytes(9), path="/v1/translate", declared=11)


@pytest.mark.parametrize("declared", [60, None])
async def test_what_does_not_fit_beside_others_is_refused(declared: int | None) -> None:
    budget = Budget(100)
    budget.take(50)
    with pytest.raises(Overloaded):
        await post(budget, bytes(40), bytes(20), declared=declared)
    assert budget.held == 50
    assert await post(budget, bytes(40), declared=40) == 90


async def test_a_false_length_helps_nobody() -> None:
    budget = Budget(100)
    budget.take(50)
    with pytest.raises(Overloaded):
        await post(budget, bytes(90), declared=1)
    with pytest.raises(Overloaded):
        budget.check(51)


def test_a_refused_body_is_counted_at_its_route(serve: Serve) -> None:
    client = serve(captioner(), model(), max_body=2000, max_image_body=4000)
    json = {"content-type": "application/json"}
    for path, size in (("/v1/translate", 2001), ("/v1/caption", 4001), ("/v1/nothing", 4001)):
        client.post(path, content=bytes(size), headers=json)
    pattern = r'requests_total.code="(\w+)",method="POST",route="([^"]+)",status="(\d+)"'
    assert re.findall(pattern, client.get("/metrics").text) == [
        ("too_large", "/v1/translate", "413"),
        ("too_large", "/v1/caption", "413"),
        ("not_found", "unmatched", "404"),
    ]


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
