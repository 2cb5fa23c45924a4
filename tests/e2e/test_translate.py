"""The whole path: a real artifact, the real engine, a real server."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from tests.e2e.process import PATIENCE, ROOT, Served


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("models")
    command = [sys.executable, "-m", "tests.e2e.toy_models", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True, timeout=PATIENCE)
    log = tmp_path_factory.mktemp("log") / "log"
    with Served("app", log, models=folder, device="cpu") as served:
        assert served.ask("GET", "/livez") == (200, {"status": "ok"})
        served.until("/readyz", None)
        yield served


def translate(server: Served, **body: Any) -> tuple[int, Any]:
    return server.ask("POST", "/v1/translate", {"target": "fr", **body})


def test_a_list_is_translated_in_order(server: Served) -> None:
    status, answer = translate(server, text=["one two three", "ten", "five six"])
    texts = [item["text"] for item in answer["translations"]]
    assert (status, texts) == (200, ["un deux trois", "dix", "cinq six"])


def test_alternatives_and_alignments_come_back(server: Served) -> None:
    options = {"beam_size": 2, "n_best": 2}
    _, answer = translate(server, text="one two", options=options, return_alignments=True)
    (item,) = answer["translations"]
    assert (item["text"], len(item["alternatives"])) == ("un deux", 1)
    assert item["alternatives"][0]["score"] < item["score"]
    assert item["alignment"] == {
        "source_tokens": [" one", " two", "</s>"],
        "target_tokens": [" un", " deux"],
        "weights": [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]],
    }


def test_a_cut_translation_says_so(server: Served) -> None:
    _, answer = translate(server, text="one two three", options={"max_tokens": 2, "beam_size": 1})
    (item,) = answer["translations"]
    assert (item["text"], item["finish_reason"]) == ("un deux", "length")


def stream(server: Served, **body: Any) -> tuple[str, dict[str, Any]]:
    """Read a stream to its end: the texts of its pieces put together, and the last event."""
    connection = server.connection()
    headers = {"Content-Type": "application/json"}
    data = json.dumps({"target": "fr", **body}).encode()
    connection.request("POST", "/v1/translate/stream", data, headers)
    response = connection.getresponse()
    lines = [line for line in response.read().decode().splitlines() if line.startswith("data:")]
    connection.close()
    *pieces, end = [json.loads(line.removeprefix("data:")) for line in lines]
    assert {piece["type"] for piece in pieces} <= {"token"}
    return "".join(piece["text"] for piece in pieces), end


@pytest.mark.parametrize("options", [{"beam_size": 1}, {"beam_size": 4}, {"seed": 7, "top_k": 1}])
def test_a_stream_spells_the_answer(server: Served, options: dict[str, Any]) -> None:
    text = "one two three four five six seven"
    spelt, end = stream(server, text=text, options=options)
    assert (spelt, end["type"]) == ("un deux trois quatre cinq six sept", "done")
    assert end["result"]["translations"][0]["text"] == spelt


def test_everything_is_asked_of_one_batch_at_once(server: Served) -> None:
    asked: list[tuple[dict[str, Any], str]] = [
        ({"prefix": "dix neuf"}, "dix neuf"),
        ({"min_tokens": 6, "beam_size": 3}, "un deux trois"),
        ({"max_tokens": 2, "beam_size": 1}, "un deux"),
        ({"seed": 3, "temperature": 0.1}, "un deux trois"),
        ({"no_repeat_ngram_size": 2}, "un deux trois"),
    ]
    answers: dict[int, str] = {}

    def ask(place: int) -> None:
        _, answer = translate(server, text="one two three", options=asked[place][0])
        answers[place] = answer["translations"][0]["text"]

    clients = [threading.Thread(target=ask, args=(place,)) for place in range(len(asked))]
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    for place, (_, beginning) in enumerate(asked):
        assert answers[place].startswith(beginning)


def test_a_passed_deadline_is_504_and_frees_its_rows(server: Served) -> None:
    status, problem = translate(server, text=["one two three"] * 100, deadline_ms=1)
    assert (status, problem["code"]) == (504, "deadline_exceeded")
    assert translate(server, text="one")[0] == 200


def test_many_clients_at_once_each_get_their_own_answer(server: Served) -> None:
    words = ["one", "two", "three", "four", "five"]
    french = ["un", "deux", "trois", "quatre", "cinq"]
    answers: dict[int, str] = {}

    def ask(place: int) -> None:
        _, answer = translate(server, text=" ".join(words[: place % 5 + 1]))
        answers[place] = answer["translations"][0]["text"]

    clients = [threading.Thread(target=ask, args=(place,)) for place in range(20)]
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    assert answers == {place: " ".join(french[: place % 5 + 1]) for place in range(20)}


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b'{"text": "", "target": "fr"}', 422, "invalid_request"),
        (b'{"text": "\\ud800", "target": "fr"}', 422, "invalid_request"),
        (b'{"text": "\\u0000", "target": "fr"}', 422, "invalid_request"),
        (b'{"text": 1, "target": "fr"}', 422, "invalid_request"),
        (b'{"text": ["one", 2], "target": "fr"}', 422, "invalid_request"),
        (b'{"text": "one", "target": "xx"}', 404, "unknown_language_pair"),
        (b'{"text": "one"', 422, "invalid_request"),
        (b'{"text": [' + b'"one", ' * 999 + b'"one"], "target": "fr"}', 422, "invalid_request"),
        (b'{"text": "' + b"one " * 40 + b'", "target": "fr"}', 422, "too_long"),
        (b'{"text": "' + b"a" * 10_000_000 + b'", "target": "fr"}', 413, "too_large"),
    ],
)
def test_the_service_goes_on_after_bad_input(
    server: Served, body: bytes, status: int, code: str
) -> None:
    answered, problem = server.ask("POST", "/v1/translate", body)
    assert (answered, problem["code"]) == (status, code)
    assert translate(server, text="one")[0] == 200


def test_a_large_body_without_a_length_is_refused(server: Served) -> None:
    connection = server.connection()
    headers = {"Content-Type": "application/json"}
    chunks = (b"a" * 65_536 for _ in range(160))
    connection.request("POST", "/v1/translate", chunks, headers, encode_chunked=True)
    response = connection.getresponse()
    response.read()
    connection.close()
    assert response.status == 413
    assert translate(server, text="one")[0] == 200


def test_the_log_never_holds_a_text(server: Served) -> None:
    translate(server, text="seven eight nine")
    log = server.log.read_text(encoding="utf-8")
    assert "seven" not in log
    assert '"route": "/v1/translate"' in log
