"""Summaries by the client: what it sends, what it makes of the answer, streams of both kinds."""

from __future__ import annotations

import json
from typing import Any

import httpx2
import pytest

from dragoman_client import (
    Alternative,
    AsyncDragoman,
    Dragoman,
    ModelVersion,
    NotFound,
    Piece,
    Read,
    Summary,
    UnexpectedAnswer,
    Usage,
)
from tests.client.replies import READ, Replies, problem, summarized, translated

SHORT = Summary(
    text="Tesla falls",
    score=-0.5,
    finish_reason="stop",
    model=ModelVersion("summarize-en", 1),
    usage=Usage(4, 5),
    request_id="served",
    words=2,
    language="en",
    read=Read(127, 300, 500, 1200),
)
PIECES = [{"type": "token", "index": 0, "text": text} for text in ("Tesla", " falls")]


def stream(*events: Any) -> httpx2.Response:
    content = "".join(f"data: {json.dumps(event)}\n\n" for event in events)
    headers = {"Content-Type": "text/event-stream", "X-Request-ID": "served"}
    return httpx2.Response(200, headers=headers, content=content.encode())


def done(*texts: str) -> dict[str, Any]:
    return {"type": "done", "result": summarized(*texts).json(), "timings": {"total_ms": 1.0}}


def connect(*replies: httpx2.Response) -> tuple[Dragoman, Replies]:
    kept = Replies(*replies)
    return Dragoman("http://service", transport=kept.transport, retries=0), kept


def test_a_text_gives_one_summary() -> None:
    client, replies = connect(summarized("Tesla falls"))
    summary = client.summarize("Shares of Tesla fell")
    assert summary == SHORT
    assert (str(summary), summary.read.whole) == ("Tesla falls", False)
    assert replies.bodies == [{"text": "Shares of Tesla fell"}]
    assert str(replies.requests[0].url) == "http://service/v1/summarize"


def test_a_list_gives_a_list_in_order() -> None:
    reply = summarized("A", "B", alternatives=[{"text": "C", "score": -2, "finish_reason": "stop"}])
    client, _ = connect(reply)
    first, second = client.summarize(("one", "two"), n_best=2)
    assert (first.text, second.text) == ("A", "B")
    assert first.alternatives == (Alternative("C", -2, "stop"),)


def test_a_text_that_was_read_to_its_end_is_whole() -> None:
    client, _ = connect(summarized("A", read={**READ, "tokens": 300}))
    assert client.summarize("one").read.whole


def test_every_argument_reaches_the_service() -> None:
    client, replies = connect(summarized("A"))
    client.summarize("one", language="en", model="m", max_words=9, length=None, deadline_ms=50)
    assert replies.bodies == [
        {
            "text": "one",
            "language": "en",
            "model": "m",
            "options": {"max_words": 9},
            "deadline_ms": 50,
        }
    ]
    with pytest.raises(TypeError, match="unknown argument: target"):
        client.summarize("one", target="fr")  # type: ignore[call-overload]


def test_a_translation_is_no_summary() -> None:
    client, _ = connect(translated("Bonjour"))
    with pytest.raises(UnexpectedAnswer):
        client.summarize("one")


def test_an_unknown_language_is_not_found() -> None:
    client, _ = connect(problem(404, "unknown_language", ("/language", "languages: en")))
    with pytest.raises(NotFound) as caught:
        client.summarize("one", language="fr")
    assert caught.value.code == "unknown_language"


def test_pieces_come_in_order_and_the_summary_at_the_end() -> None:
    client, replies = connect(stream(*PIECES, done("Tesla falls")))
    found = client.summarize_stream("Shares of Tesla fell", length="short")
    assert list(found) == [Piece(0, "Tesla"), Piece(0, " falls")]
    assert found.result == SHORT
    assert replies.bodies == [{"text": "Shares of Tesla fell", "options": {"length": "short"}}]
    assert str(replies.requests[0].url) == "http://service/v1/summarize/stream"


async def test_the_async_client_does_the_same() -> None:
    replies = Replies(summarized("Tesla falls"), summarized("A", "B"), stream(done("A", "B")))
    async with AsyncDragoman("http://service", transport=replies.transport) as client:
        assert await client.summarize("Shares of Tesla fell") == SHORT
        assert [str(one) for one in await client.summarize(["one", "two"], min_words=1)] == [
            "A",
            "B",
        ]
        found = await client.summarize_stream(["one", "two"])
        assert [piece async for piece in found] == []
        assert [one.text for one in found.results] == ["A", "B"]
