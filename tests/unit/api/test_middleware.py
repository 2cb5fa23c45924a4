"""Bodies are bounded one by one, and those with images all together."""

from __future__ import annotations

import json
from typing import Any

import pytest
from starlette.types import Message, Receive, Scope, Send

from app.api.budget import Budget
from app.api.context import RequestContext, attach
from app.api.middleware import LimitBody
from app.errors import Overloaded


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
