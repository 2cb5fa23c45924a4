"""The load generator is run as it is in a benchmark: a process of its own against a real server."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from scripts.benchmark.load.drive import drive
from scripts.benchmark.load.pattern import Load, questions

SECONDS = 0.4


class Echo(BaseHTTPRequestHandler):
    """Answers each text in capitals, but `two` wrongly and `three` with an error."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        texts = [asked["text"]] if isinstance(asked["text"], str) else asked["text"]
        found = [{"text": "?" if text == "two" else text.upper()} for text in texts]
        body = json.dumps({"translations": found, "usage": {"target_tokens": 3}}).encode()
        self.send_response(500 if "three" in texts else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Echo) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_all_kinds_of_load_in_one_process(url: str) -> None:
    loads = [
        Load("greedy", clients=2, seconds=SECONDS, settle=0.0),
        Load("open", "open", 0, rate=50.0, seconds=SECONDS, settle=0.0),
        Load("burst", "burst", 3, seconds=SECONDS, settle=0.0),
        Load("list", clients=1, seconds=SECONDS, settle=0.0, listed=2),
    ]
    right = {"one": "ONE", "four": "FOUR"}
    found = drive(url, [(load, questions(["one", "four"], load, right)) for load in loads])
    assert all(outcome.requests > 0 for outcome in found)
    assert [(o.errors, o.unfinished, o.wrong) for o in found] == [(0, 0, 0)] * 4
    closed, opened, burst, listed = found
    assert closed.tokens_per_s == pytest.approx(3 * closed.requests_per_s)
    assert burst.tokens_per_s == pytest.approx(9 * burst.requests_per_s)
    assert opened.requests_per_s < 2 * 50.0
    assert listed.p50_ms > 0


def test_wrong_answers_and_errors_are_counted(url: str) -> None:
    load = Load("greedy", clients=1, seconds=SECONDS, settle=0.0)
    [wrong] = drive(url, [(load, questions(["two"], load, {"two": "TWO"}))])
    assert wrong.requests == wrong.wrong > 0
    [broken] = drive(url, [(load, questions(["three"], load, {}))])
    assert broken.errors > 0
    assert broken.requests == 0
