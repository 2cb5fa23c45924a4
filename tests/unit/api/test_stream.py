"""`POST /v1/translate/stream`: pieces, then one end; refusals before the first byte."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from app.errors import DeadlineExceeded, Draining, EngineFailure, Overloaded
from tests.fakes.engine import FakeEngine, FakeSubmission
from tests.fakes.models import model
from tests.unit.api.conftest import Serve

URL = "/v1/translate/stream"


def post(client: TestClient, **body: Any) -> Any:
    return client.post(URL, json={"target": "fr", **body})


def events(response: Any) -> list[dict[str, Any]]:
    assert response.headers["content-type"].startswith("text/event-stream")
    blocks = response.text.split("\n\n")
    assert blocks.pop() == ""
    return [json.loads(block.removeprefix("data: ")) for block in blocks]


def test_pieces_add_up_to_the_answer_that_ends_the_stream(client: TestClient) -> None:
    *pieces, done = events(post(client, text=["one two three", "ten"]))
    texts = ["", ""]
    for piece in pieces:
        assert piece.pop("type") == "token"
        texts[piece["index"]] += piece["text"]
    assert texts == ["three two one", "ten"]
    assert pieces[:2] == [{"index": 0, "text": "three"}, {"index": 0, "text": " two"}]
    plain = client.post("/v1/translate", json={"target": "fr", "text": ["one two three", "ten"]})
    assert (done["type"], done["result"]) == ("done", plain.json())
    assert 0 <= done["timings"]["first_token_ms"] <= done["timings"]["total_ms"]


@pytest.mark.parametrize(
    ("error", "status"),
    [(Overloaded("full", retry_after=3.0), 503), (Draining("closing"), 503)],
)
def test_a_refusal_comes_before_the_first_byte(serve: Serve, error: Any, status: int) -> None:
    response = post(serve(model(engine=FakeEngine(refusal=error))), text="one")
    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"
    assert int(response.headers["retry-after"]) >= 1


def test_bad_input_is_refused_as_without_a_stream(client: TestClient) -> None:
    response = post(client, text=["one", ""])
    assert response.status_code == 422
    assert [field["pointer"] for field in response.json()["errors"]] == ["/text/1"]


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (EngineFailure("broken"), 500, "engine_failure"),
        (DeadlineExceeded("late"), 504, "deadline_exceeded"),
        (RuntimeError("a bug"), 500, "internal_error"),
    ],
)
def test_what_fails_later_ends_the_stream_with_an_error(
    serve: Serve, error: Any, status: int, code: str
) -> None:
    client = serve(model(engine=FakeEngine(error=error)))
    response = post(client, text="one two")
    end = events(response)[-1]
    assert (end["type"], end["error"]["status"], end["error"]["code"]) == ("error", status, code)
    assert end["error"]["request_id"] == response.headers["x-request-id"]


def test_draining_that_takes_too_long_ends_the_stream_with_an_error(serve: Serve) -> None:
    class Expiring(FakeSubmission):
        async def updates(self) -> AsyncIterator[Any]:
            async for news in super().updates():
                yield news
                client.app_state["service"].gate.expire()

    class Engine(FakeEngine):
        submission_type = Expiring

    client = serve(model(engine=Engine()))
    first, end = events(post(client, text="one two"))
    assert (first["type"], end["type"], end["error"]["code"]) == ("token", "error", "draining")


def test_bulk_and_deadlines_reach_the_engine(serve: Serve) -> None:
    engine = FakeEngine()
    client = serve(model(engine=engine))
    post(client, text="one", priority="bulk", deadline_ms=5)
    client.post("/v1/translate", json={"text": "one", "target": "fr", "deadline_ms": 5000})
    client.post("/v1/translate", json={"text": "one", "target": "fr"})
    assert engine.bulk == [True, False, False]
    first, second, third = (deadline or 0.0 for deadline in engine.deadlines)
    assert first < second < third
