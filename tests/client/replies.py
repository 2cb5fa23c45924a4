"""A service made of ready replies, for the client's tests: no network, no waiting."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx2

Reply = httpx2.Response | httpx2.TransportError


class Replies:
    """An `httpx2.MockTransport` handler that gives its replies in turn, and keeps the requests."""

    def __init__(self, *replies: Reply) -> None:
        self.left = list(replies)
        self.requests: list[httpx2.Request] = []

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        self.requests.append(request)
        reply = self.left.pop(0)
        if isinstance(reply, httpx2.TransportError):
            raise reply
        return reply

    @property
    def transport(self) -> httpx2.MockTransport:
        handler: Callable[[httpx2.Request], httpx2.Response] = self
        return httpx2.MockTransport(handler)

    @property
    def bodies(self) -> list[Any]:
        return [json.loads(request.content) for request in self.requests if request.content]


def translated(*texts: str, **item: object) -> httpx2.Response:
    """A 200 answer of /v1/translate; `item` adds fields to each translation."""
    translations = [{"text": t, "score": -0.5, "finish_reason": "stop", **item} for t in texts]
    return httpx2.Response(
        200,
        headers={"X-Request-ID": "served"},
        json={
            "model": {"name": "translate-en-fr", "version": 1},
            "translations": translations,
            "usage": {"source_tokens": 4, "target_tokens": 5},
        },
    )


def summarized(*texts: str, **item: object) -> httpx2.Response:
    """A 200 answer of /v1/summarize; `item` adds fields to each summary."""
    about = {"score": -0.5, "finish_reason": "stop", "words": 2, "language": "en", "read": READ}
    return httpx2.Response(
        200,
        headers={"X-Request-ID": "served"},
        json={
            "model": {"name": "summarize-en", "version": 1},
            "summaries": [{"text": text, **about, **item} for text in texts],
            "usage": {"source_tokens": 4, "target_tokens": 5},
        },
    )


READ = {"tokens": 127, "of_tokens": 300, "characters": 500, "of_characters": 1200}


def captioned(*texts: str, **item: object) -> httpx2.Response:
    """A 200 answer of /v1/caption; `item` adds fields to each caption."""
    captions = [{"text": t, "score": -0.5, "finish_reason": "stop", **item} for t in texts]
    return httpx2.Response(
        200,
        headers={"X-Request-ID": "served"},
        json={
            "model": {"name": "caption-en", "version": 1},
            "captions": captions,
            "usage": {"images": len(texts), "target_tokens": 5},
        },
    )


def problem(status: int, code: str, *errors: tuple[str, str], **headers: str) -> httpx2.Response:
    """An `application/problem+json` answer; header names are given with underscores."""
    return httpx2.Response(
        status,
        headers={name.replace("_", "-"): value for name, value in headers.items()},
        json={
            "type": f"urn:dragoman:{code}",
            "title": "A title",
            "status": status,
            "detail": "A detail.",
            "code": code,
            "request_id": "logged",
            "errors": [{"pointer": pointer, "message": text} for pointer, text in errors],
        },
    )


MODEL = {
    "name": "translate-en-fr",
    "version": 1,
    "task": "translate",
    "summary": "English to French",
    "languages": [{"source": "en", "target": "fr"}],
    "state": "ready",
    "limits": {"max_source": 128, "max_target": 160},
    "generation": {"beam_size": 4, "length_penalty": 1.0},
    "metrics": [{"name": "BLEU", "value": 50.0, "dataset": "tatoeba", "split": "test"}],
    "licences": [{"dataset": "tatoeba", "licence": "CC BY 2.0 FR", "commercial_use": True}],
    "commercial_use": True,
    "attends": True,
    "parameters": 7_400_000,
    "a_field_of_tomorrow": 1,
}
