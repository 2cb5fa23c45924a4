"""Streams of the client: pieces in order, a result at the end, an error where there is none."""

from __future__ import annotations

import json
import math
from typing import Any

import httpx2
import pytest

from dragoman_client import (
    AsyncDragoman,
    ConnectionFailed,
    DeadlineExceeded,
    Dragoman,
    Piece,
    Refused,
    UnexpectedAnswer,
)
from tests.client.replies import Replies, problem, translated

PIECES = [
    {"type": "token", "index": 0, "text": "Bon"},
    {"type": "token", "index": 0, "text": "jour"},
]
DONE = {"type": "done", "result": translated("Bonjour").json(), "timings": {"total_ms": 1.0}}


def stream(*events: Any) -> httpx2.Response:
    spelt = (json.dumps(event, ensure_ascii=False) for event in events)  # as the service does
    lines = [": ping\n\n", "retry: 9\n\n", *(f"data: {one}\n\n" for one in spelt)]
    headers = {"Content-Type": "text/event-stream", "X-Request-ID": "served"}
    return httpx2.Response(200, headers=headers, content="".join(lines).encode())


def client(*replies: httpx2.Response) -> Dragoman:
    return Dragoman(transport=Replies(*replies).transport, retries=0)


def test_pieces_come_in_order_and_the_result_at_the_end() -> None:
    found = client(stream(*PIECES, DONE)).translate_stream("Good day", target="fr")
    with pytest.raises(RuntimeError, match="end"):
        _ = found.result
    assert list(found) == [Piece(0, "Bon"), Piece(0, "jour")]
    assert (str(found.result), found.request_id) == ("Bonjour", "served")


SEPARATORS = "a\u2028b\u2029c\u0085d\u001ce"
"""What `str.splitlines` takes for ends of lines; a stream's lines end at CR and LF only."""


async def test_characters_that_look_like_ends_of_lines_are_text() -> None:
    done = {**DONE, "result": translated(SEPARATORS).json()}
    events = [{"type": "token", "index": 0, "text": SEPARATORS}, done]
    found = client(stream(*events)).translate_stream("Good day", target="fr")
    assert [piece.text for piece in found] == [SEPARATORS]
    assert found.result.text == SEPARATORS
    async with AsyncDragoman(transport=Replies(stream(*events)).transport) as dragoman:
        later = await dragoman.translate_stream("Good day", target="fr")
        assert [piece.text async for piece in later] == [SEPARATORS]
        assert later.result.text == SEPARATORS


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("size", [1, 2, 1000])
def test_lines_end_as_the_standard_says_and_come_in_any_parts(end: str, size: int) -> None:
    told = stream({"type": "token", "index": 0, "text": "été\u2028"}, DONE)
    body = told.content.decode().replace("\n", end).encode()
    parts = iter([body[at : at + size] for at in range(0, len(body), size)])
    reply = httpx2.Response(200, headers=told.headers, content=parts)
    found = client(reply).translate_stream("Good day", target="fr")
    assert list(found) == [Piece(0, "été\u2028")]
    assert found.result.text == "Bonjour"


def test_an_answer_that_is_no_stream_is_unexpected() -> None:
    page = httpx2.Response(200, html="<p>Welcome to the proxy</p>")
    with pytest.raises(UnexpectedAnswer) as caught:
        list(client(page).translate_stream("Hi", target="fr"))
    assert caught.value.code == "unexpected_answer"


def test_a_list_has_results() -> None:
    done = {**DONE, "result": translated("Bonjour", "Salut").json()}
    with client(stream(done)).translate_stream(["Good day", "Hi"], target="fr") as found:
        assert list(found) == []
        assert [one.text for one in found.results] == ["Bonjour", "Salut"]
        with pytest.raises(RuntimeError, match="results"):
            _ = found.result


async def test_the_async_client_streams_alike() -> None:
    replies = Replies(stream(*PIECES, DONE))
    async with AsyncDragoman(transport=replies.transport) as dragoman:
        found = await dragoman.translate_stream("Good day", target="fr", seed=3, priority="bulk")
        assert [piece.text async for piece in found] == ["Bon", "jour"]
        assert found.result.text == "Bonjour"
    assert replies.bodies == [
        {"text": "Good day", "target": "fr", "priority": "bulk", "options": {"seed": 3}}
    ]


def test_a_refusal_is_raised_before_the_stream() -> None:
    with pytest.raises(Refused) as caught:
        client(problem(503, "overloaded", Retry_After="7")).translate_stream("Hi", target="fr")
    assert caught.value.retry_after == 7


def test_an_error_in_the_stream_is_raised_after_its_pieces() -> None:
    error = {"type": "error", "error": problem(504, "deadline_exceeded").json()}
    found = client(stream(PIECES[0], error)).translate_stream("Hi", target="fr")
    pieces = iter(found)
    assert next(pieces) == Piece(0, "Bon")
    with pytest.raises(DeadlineExceeded) as caught:
        next(pieces)
    assert (caught.value.code, caught.value.request_id) == ("deadline_exceeded", "logged")


def test_a_stream_without_an_end_is_a_failed_connection() -> None:
    with pytest.raises(ConnectionFailed, match="broke off"):
        list(client(stream(*PIECES)).translate_stream("Hi", target="fr"))


def test_what_is_no_event_is_unexpected_and_new_events_are_not() -> None:
    place = {"type": "token", "index": math.inf, "text": ""}
    error = {"type": "error", "error": {"status": 500, "code": "a", "errors": ["bad"]}}
    for event in ({"no": "type"}, place, error, {"type": "error", "error": {"status": 500}}):
        with pytest.raises(UnexpectedAnswer):
            list(client(stream(event)).translate_stream("Hi", target="fr"))
    later = {"type": "thought", "text": "hm"}
    assert list(client(stream(later, DONE)).translate_stream("Hi", target="fr")) == []


def test_an_unknown_argument_is_refused() -> None:
    with pytest.raises(TypeError, match="colour"):
        client().translate("Hi", target="fr", colour="red")  # type: ignore[call-overload]
