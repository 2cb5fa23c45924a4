"""Summaries over HTTP: a real artifact, the real engine, a real server, beside a translator."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.e2e.process import Served
from tests.e2e.toys import served_toys


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    yield from served_toys(tmp_path_factory, "translate", "summarize")


def summarize(server: Served, **body: Any) -> tuple[int, Any]:
    return server.ask("POST", "/v1/summarize", body)


def test_a_list_is_summarized_in_order_and_long_articles_in_part(server: Served) -> None:
    status, answer = summarize(server, text=["one two three", "ten " * 5000])
    short, long = answer["summaries"]
    assert (status, answer["model"]["name"]) == (200, "toy-headline-en")
    assert (short["text"], long["text"]) == ("ONE TWO THREE", " ".join(["TEN"] * 7))
    assert long["read"] == {
        "tokens": 7,
        "of_tokens": 5000,
        "characters": 27,
        "of_characters": 19_999,
    }


@pytest.mark.parametrize("beam_size", [1, 4])
@pytest.mark.parametrize(
    ("options", "words", "reason"),
    [
        ({"max_words": 2}, 2, "length"),
        ({"min_words": 7}, 7, "stop"),
        ({"length": "short"}, 4, "length"),
    ],
)
def test_words_are_bounded(
    server: Served, beam_size: int, options: dict[str, Any], words: int, reason: str
) -> None:
    asked = {"beam_size": beam_size, **options}
    _, answer = summarize(server, text="one two three four five", options=asked)
    (found,) = answer["summaries"]
    assert (found["words"], found["finish_reason"]) == (words, reason)


def test_a_stream_spells_the_answer(server: Served) -> None:
    connection = server.connection()
    body = json.dumps({"text": "one two three four", "options": {"max_words": 3}}).encode()
    headers = {"Content-Type": "application/json"}
    connection.request("POST", "/v1/summarize/stream", body, headers)
    data = connection.getresponse().read().decode()
    connection.close()
    lines = [line for line in data.splitlines() if line.startswith("data:")]
    *pieces, end = [json.loads(line.removeprefix("data:")) for line in lines]
    assert end["type"] == "done"
    (found,) = end["result"]["summaries"]
    assert "".join(piece["text"] for piece in pieces) == found["text"] == "ONE TWO THREE"


def test_translations_go_on_beside_it(server: Served) -> None:
    status, answer = server.ask("POST", "/v1/translate", {"text": "one two", "target": "fr"})
    assert (status, answer["translations"][0]["text"]) == (200, "un deux")
    status, answer = server.ask("POST", "/v1/translate", {"text": "one two", "target": "en"})
    assert (status, answer["code"]) == (404, "unknown_language_pair")
