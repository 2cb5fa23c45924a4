"""Captions over HTTP: a real artifact, the real engine, a real server; hostile images beside."""

from __future__ import annotations

import contextlib
import http.client
import json
import threading
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.process import Served
from tests.e2e.toys import served_toys
from tests.fakes.images import BLUE, GREEN, RED, SVG, WHITE, cells, encode, png

PHOTO = encode(cells(width=640, height=480), "JPEG", quality=95)
OTHER = encode(cells(WHITE, BLUE, GREEN, RED))
SAID = "red green blue white"
MEGABYTE = 1 << 20


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    yield from served_toys(tmp_path_factory, "translate", "caption")


def form(*images: bytes, **fields: str) -> bytes:
    parts = [('name="image"; filename="photo.jpg"', data) for data in images]
    parts += [(f'name="{name}"', value.encode()) for name, value in fields.items()]
    head = "--cut\r\nContent-Disposition: form-data; {}\r\n\r\n"
    return b"".join(head.format(n).encode() + d + b"\r\n" for n, d in parts) + b"--cut--\r\n"


def post(server: Served, body: Any, path: str = "/v1/caption") -> tuple[int, str]:
    connection = server.connection()
    headers = {"Content-Type": "multipart/form-data; boundary=cut"}
    connection.request("POST", path, body, headers, encode_chunked=not isinstance(body, bytes))
    response = connection.getresponse()
    answer = response.status, response.read().decode()
    connection.close()
    return answer


def captions(server: Served, *images: bytes, **fields: str) -> list[str]:
    status, answer = post(server, form(*images, **fields))
    assert status == 200, answer
    return [caption["text"] for caption in json.loads(answer)["captions"]]


def test_photos_are_captioned_in_order(server: Served) -> None:
    assert captions(server, PHOTO, OTHER) == [SAID, "white blue green red"]
    body = {"images": b64encode(PHOTO).decode(), "options": {"beam_size": 4, "n_best": 2}}
    status, answer = server.ask("POST", "/v1/caption", body)
    (caption,) = answer["captions"]
    assert (status, caption["text"], len(caption["alternatives"])) == (200, SAID, 1)


def test_a_stream_says_the_caption_word_by_word(server: Served) -> None:
    _, answer = post(server, form(PHOTO, return_attention="true"), "/v1/caption/stream")
    lines = [line for line in answer.splitlines() if line.startswith("data:")]
    *pieces, end = [json.loads(line.removeprefix("data:")) for line in lines]
    assert "".join(piece["text"] for piece in pieces) == SAID
    (caption,) = end["result"]["captions"]
    assert [word["text"] for word in caption["attention"]["words"]] == SAID.split()


def test_many_clients_at_once_each_get_their_own_caption(server: Served) -> None:
    colours = {"red": RED, "green": GREEN, "blue": BLUE, "white": WHITE}
    answers: dict[int, list[str]] = {}

    def ask(place: int) -> None:
        colour = list(colours.values())[place % 4]
        answers[place] = captions(server, encode(cells(colour, colour, colour, colour)))

    run = [threading.Thread(target=ask, args=(place,)) for place in range(24)]
    for thread in run:
        thread.start()
    for thread in run:
        thread.join()
    names = list(colours)
    assert answers == {place: [" ".join([names[place % 4]] * 4)] for place in range(24)}


def resident(server: Served) -> int:
    """Megabytes of memory that the server has had at once, up to now."""
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    (line,) = [line for line in status.splitlines() if line.startswith("VmHWM:")]
    return int(line.split()[1]) >> 10


BOMB = png(30_000, 30_000, bytes(900_000_000 // 100))
HOSTILE: list[tuple[Any, int, str]] = [
    (form(BOMB), 422, "image_too_large"),
    (form(PHOTO[: len(PHOTO) // 2]), 422, "unreadable_image"),
    (form(b"only words, whatever the name says"), 422, "unreadable_image"),
    (form(SVG), 422, "unreadable_image"),
    (form(png(0, 0)), 422, "unreadable_image"),
    (form(b""), 422, "unreadable_image"),
    (form(PHOTO)[:-30], 422, "invalid_request"),
    (form(bytes(40 * MEGABYTE)), 413, "too_large"),
]


@pytest.mark.parametrize(("body", "status", "code"), HOSTILE)
def test_the_service_goes_on_after_a_hostile_image(
    server: Served, body: bytes, status: int, code: str
) -> None:
    answered, answer = post(server, body)
    assert (answered, json.loads(answer)["code"]) == (status, code)
    assert captions(server, PHOTO) == [SAID]


def chunks(megabytes: int) -> Iterator[bytes]:
    yield form(PHOTO).removesuffix(b"\r\n--cut--\r\n")
    for _ in range(16 * megabytes):
        yield bytes(MEGABYTE // 16)


def test_a_hundred_megabytes_are_refused_without_being_kept(server: Served) -> None:
    captions(server, PHOTO)
    before = resident(server)
    status = 413
    # The server may answer and hang up while we are still sending.
    with contextlib.suppress(ConnectionError, http.client.HTTPException):
        status, _ = post(server, chunks(100))
    assert status == 413
    assert resident(server) - before < 120
    assert captions(server, PHOTO) == [SAID]


def test_bombs_and_large_photos_do_not_disturb_others(server: Served) -> None:
    before = resident(server)
    heavy = encode(cells(width=3000, height=2400))
    stop = threading.Event()

    def disturb() -> None:
        while not stop.is_set():
            post(server, form(BOMB, heavy))
            post(server, form(heavy))

    disturbers = [threading.Thread(target=disturb) for _ in range(2)]
    for thread in disturbers:
        thread.start()
    for _ in range(3):
        body = {"text": "one two three", "target": "fr", "deadline_ms": 5000}
        status, answer = server.ask("POST", "/v1/translate", body)
        assert (status, answer["translations"][0]["text"]) == (200, "un deux trois")
        assert captions(server, OTHER) == ["white blue green red"]
    stop.set()
    for thread in disturbers:
        thread.join()
    # Two threads decode at once, 7 million pixels each.
    assert resident(server) - before < 300


def test_a_client_that_goes_away_while_it_sends_leaves_no_trace(server: Served) -> None:
    connection = server.connection()
    body = form(PHOTO)
    connection.putrequest("POST", "/v1/caption")
    connection.putheader("Content-Type", "multipart/form-data; boundary=cut")
    connection.putheader("Content-Length", str(len(body)))
    connection.endheaders(body[: len(body) // 2])
    connection.close()
    assert captions(server, PHOTO) == [SAID]
    log = server.log.read_text(encoding="utf-8")
    while '"cancelled"' not in log:
        log = server.log.read_text(encoding="utf-8")
    assert "unforeseen" not in log
