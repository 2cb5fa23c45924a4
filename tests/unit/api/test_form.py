"""Forms are read to what the same request is in JSON; nothing of them is guessed."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.fakes.images import cells, encode
from tests.fakes.models import captioner
from tests.unit.api.conftest import Serve
from tests.unit.api.test_translate import problem

URL = "/v1/caption"
PHOTO = encode(cells())


@pytest.fixture
def client(serve: Serve) -> TestClient:
    return serve(captioner())


def part(name: str, data: bytes, filename: str | None = None) -> bytes:
    file = f'; filename="{filename}"' if filename else ""
    head = f'--cut\r\nContent-Disposition: form-data; name="{name}"{file}\r\n\r\n'
    return head.encode() + data + b"\r\n"


def send(client: TestClient, *parts: bytes, end: bytes = b"--cut--\r\n", **headers: str) -> Any:
    kind = {"content-type": "multipart/form-data; boundary=cut", **headers}
    return client.post(URL, content=b"".join(parts) + end, headers=kind)


IMAGE = part("image", PHOTO, "a.png")


def test_a_form_by_hand_is_read(client: TestClient) -> None:
    assert send(client, part("options", b'{"beam_size": 1}'), IMAGE).status_code == 200


@pytest.mark.parametrize(
    ("parts", "pointer", "message"),
    [
        ((), "/images", "is required"),
        ((part("model", b"toy-colours"),), "/images", "is required"),
        (
            (IMAGE, part("image", b"https://example.com/cat.jpg")),
            "/images/1",
            "is text, not a file: send the image itself (curl -F image=@photo.jpg)",
        ),
        (
            (part("images", PHOTO, "a.png"),),
            "/images",
            "is called `image` in a form, once for each image",
        ),
        (
            (IMAGE, part("options", b"{}", "o.json")),
            "/options",
            "is a file; only `image` may be one",
        ),
        (
            (
                IMAGE,
                part("options", b'{"beam_size": 1'),
            ),
            "/options",
            "is not JSON: see line 1, column 16",
        ),
        (
            (IMAGE, part("options", b'{"top_k": 1, "top_k": 2}')),
            "/options/top_k",
            "is there twice",
        ),
        ((IMAGE, part("options", b"{}"), part("options", b"{}")), "/options", "is there twice"),
        ((IMAGE, part("options", b"\xff")), "/options", "is not JSON: see line 1, column 1"),
        ((IMAGE, part("options", b"[]")), "/options", "must be an object"),
        ((IMAGE, part("options", b'{"beam_size": 99}')), "/options/beam_size", None),
        ((IMAGE, part("deadline_ms", b"soon")), "/deadline_ms", None),
        ((IMAGE, part("return_attention", b"1")), "/return_attention", "must be true or false"),
        ((IMAGE, part("priority", b"high")), "/priority", None),
        ((IMAGE, part("extra", b"1")), "/extra", "is not a known field"),
        ((IMAGE, part("not a name", b"1")), "", "has a field that is not known"),
    ],
)
def test_what_is_wrong_is_pointed_at(
    client: TestClient, parts: tuple[bytes, ...], pointer: str, message: str | None
) -> None:
    status, code, fields = problem(send(client, *parts))
    assert (status, code) == (422, "invalid_request")
    assert [field[0] for field in fields] == [pointer]
    assert message is None or fields[0][1] == message


@pytest.mark.parametrize(
    ("parts", "end", "headers"),
    [
        ((IMAGE,), b"", {}),
        ((IMAGE[:-20],), b"", {}),
        ((b"no form at all",), b"", {}),
        ((IMAGE,), b"--cut--\r\n", {"content-type": "multipart/form-data"}),
        ((part("image", PHOTO).replace(b'name="image"', b"nothing"),), b"--cut--\r\n", {}),
        (tuple(part(f"f{n}", b"1") for n in range(70)), b"--cut--\r\n", {}),
        ((part("image", b"", "a"),) * 4200, b"--cut--\r\n", {}),
        ((part("prefix", bytes(1_100_000)),), b"--cut--\r\n", {}),
    ],
)
def test_what_is_no_whole_form_is_refused(
    client: TestClient, parts: tuple[bytes, ...], end: bytes, headers: dict[str, str]
) -> None:
    status, code, fields = problem(send(client, *parts, end=end, **headers))
    assert (status, code, [field[0] for field in fields]) == (422, "invalid_request", [""])


@pytest.mark.parametrize("kind", ["image/png", "text/plain", "multipart/mixed; boundary=cut"])
def test_another_type_is_415_and_both_that_are_taken_are_named(
    client: TestClient, kind: str
) -> None:
    response = client.post(URL, content=PHOTO, headers={"content-type": kind})
    assert problem(response)[:2] == (415, "unsupported_media_type")
    assert "multipart/form-data" in response.json()["detail"]
    assert "JSON" in response.json()["detail"]


def test_a_compressed_form_is_415(client: TestClient) -> None:
    headers = {"content-encoding": "gzip"}
    assert problem(send(client, IMAGE, **headers))[:2] == (415, "unsupported_media_type")


def test_json_of_very_many_values_is_refused_before_it_is_parsed(client: TestClient) -> None:
    body = b'{"images": [' + b'"",' * 70_000 + b'""]}'
    response = client.post(URL, content=body, headers={"content-type": "application/json"})
    expected = (422, "invalid_request", [("", "holds more than 65536 values")])
    assert problem(response) == expected
