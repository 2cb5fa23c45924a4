"""What goes over the wire of a stream, and when."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest
from pydantic import BaseModel
from starlette.types import Message

from app.api import streams
from app.api.streams import EventStream


class Event(BaseModel):
    text: str
    absent: int | None = None


class Wire:
    """A client's end: what it was sent, and its leaving."""

    def __init__(self) -> None:
        self.sent: list[Message] = []
        self.left = asyncio.Event()
        self.second = asyncio.Event()  # a body was sent twice
        self.closed = 0

    async def receive(self) -> Message:
        await self.left.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        self.sent.append(message)
        if len(self.bodies) == 2:
            self.second.set()

    def close(self) -> None:
        self.closed += 1

    @property
    def bodies(self) -> list[bytes]:
        return [message["body"] for message in self.sent if "body" in message]

    async def stream(self, events: AsyncIterator[Sequence[BaseModel]]) -> None:
        scope: dict[str, Any] = {"type": "http"}
        await EventStream(events, self.close)(scope, self.receive, self.send)


async def test_the_events_of_a_turn_travel_in_one_write() -> None:
    async def events() -> AsyncIterator[Sequence[BaseModel]]:
        yield [Event(text="a")]
        yield [Event(text="b\nc"), Event(text="\u2028é")]

    wire = Wire()
    await wire.stream(events())
    start, *_ = wire.sent
    headers = dict(start["headers"])
    assert (start["type"], start["status"]) == ("http.response.start", 200)
    assert headers[b"content-type"].startswith(b"text/event-stream")
    assert headers[b"cache-control"] == b"no-cache"
    assert b"content-length" not in headers
    second = 'data: {"text":"b\\nc"}\n\ndata: {"text":"\u2028é"}\n\n'
    assert wire.bodies == [b'data: {"text":"a"}\n\n', second.encode(), b""]
    assert [message["more_body"] for message in wire.sent[1:]] == [True, True, False]
    assert wire.closed == 1


async def test_a_stream_that_waits_long_says_that_it_lives(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "SILENCE", 0.01)
    enough = asyncio.Event()

    async def events() -> AsyncIterator[Sequence[BaseModel]]:
        await enough.wait()
        yield [Event(text="a")]

    wire = Wire()
    streaming = asyncio.create_task(wire.stream(events()))
    await wire.second.wait()
    enough.set()
    await streaming
    *comments, event, end = wire.bodies
    assert set(comments) == {b": ping\n\n"}  # a comment, which clients pass over
    assert (event, end) == (b'data: {"text":"a"}\n\n', b"")


async def test_a_client_that_leaves_ends_what_it_waited_for() -> None:
    ended = asyncio.Event()

    async def events() -> AsyncIterator[Sequence[BaseModel]]:
        yield [Event(text="a")]
        yield [Event(text="b")]
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    wire = Wire()
    streaming = asyncio.create_task(wire.stream(events()))
    await wire.second.wait()
    wire.left.set()
    await streaming
    assert ended.is_set()
    assert len(wire.bodies) == 2  # and no end: nobody is there
    assert wire.closed == 1


async def test_what_breaks_a_stream_closes_it() -> None:
    async def events() -> AsyncIterator[Sequence[BaseModel]]:
        raise ZeroDivisionError
        yield []

    wire = Wire()
    with pytest.raises(ZeroDivisionError):
        await wire.stream(events())
    assert wire.closed == 1
