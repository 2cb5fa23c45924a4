"""The kinds of request that a soak sends, and how each one's answer is read."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import aiohttp

GARBAGE: tuple[bytes, ...] = (
    b"",
    b"{",
    b"[]",
    b'{"text": "", "target": "fr"}',
    b'{"text": 7, "target": "fr"}',
    b'{"text": "\\u0000", "target": "fr"}',
    b'{"text": "\\ud800", "target": "fr"}',
    b'{"text": "a", "target": "xx"}',
    b'{"text": "a", "target": "fr", "options": {"beam_size": 99}}',
    b'{"text": "' + b"a b " * 5000 + b'", "target": "fr"}',
    b"\xff\xfe\x00",
)


@dataclass(frozen=True)
class Kind:
    """A way to ask for translations; `share` of the requests are of this kind."""

    name: str
    share: float
    options: dict[str, Any]
    texts: int = 1
    streams: bool = False


KINDS = (
    Kind("greedy", 0.5, {"beam_size": 1}),
    Kind("beam 4", 0.15, {"beam_size": 4}),
    Kind("greedy stream", 0.1, {"beam_size": 1}, streams=True),
    Kind("beam 2 stream", 0.05, {"beam_size": 2}, streams=True),
    Kind("list of 5", 0.1, {"beam_size": 1}, texts=5),
    Kind("sample", 0.05, {"temperature": 0.8, "seed": 7, "n_best": 2}),
    Kind("forced", 0.05, {"beam_size": 2, "min_tokens": 4, "no_repeat_ngram_size": 3}),
)

Answer = list[tuple[str, float]]
"""Each translation's text and score: with the service in exact mode, the same bit for bit."""


class StreamBroken(Exception):
    """A stream ended without `done` or `error`, or its pieces did not spell its result."""


def body(kind: Kind, texts: list[str], **fields: object) -> dict[str, Any]:
    """Return the request of `kind` for `texts`."""
    text: str | list[str] = texts[0] if kind.texts == 1 else texts
    return {"text": text, "source": "en", "target": "fr", "options": kind.options, **fields}


async def ask(
    session: aiohttp.ClientSession, base: str, kind: Kind, request: dict[str, Any]
) -> tuple[int, Answer | dict[str, Any]]:
    """Send a request and read its answer: (200, the answer) or (status, the problem).

    Raises:
        aiohttp.ClientError: the connection broke.
        StreamBroken: a stream broke the rules.
    """
    path = "/v1/translate/stream" if kind.streams else "/v1/translate"
    async with session.post(base + path, json=request) as response:
        if response.status != 200:
            return response.status, json.loads(await response.read())
        if kind.streams:
            return await _read_stream(response)
        return 200, _answer(json.loads(await response.read()))


async def _read_stream(
    response: aiohttp.ClientResponse,
) -> tuple[int, Answer | dict[str, Any]]:
    spelt = ""
    async for line in response.content:
        if not line.startswith(b"data: "):
            continue
        event = json.loads(line[6:])
        if event["type"] == "token":
            spelt += event["text"]
        elif event["type"] == "error":
            return int(event["error"]["status"]), event["error"]
        else:
            answer = _answer(event["result"])
            if answer[0][0] != spelt:
                raise StreamBroken(f"the pieces spell {len(spelt)} characters of another text")
            return 200, answer
    raise StreamBroken("no end")


def _answer(response: dict[str, Any]) -> Answer:
    return [(item["text"], item["score"]) for item in response["translations"]]
