"""Base64 in JSON; nothing is fetched."""

from __future__ import annotations

from base64 import b64encode, encodebytes

import pytest

from app.errors import UnreadableImage
from app.image.encoded import from_base64
from tests.fakes.images import cells, encode

DATA = encode(cells())
TEXT = b64encode(DATA).decode()


@pytest.mark.parametrize(
    "text",
    [
        TEXT,
        encodebytes(DATA).decode(),
        f"data:image/png;base64,{TEXT}",
        f"data:image/svg+xml;charset=utf-8;base64,{TEXT}",
        f"  {TEXT}\r\n",
    ],
)
def test_base64_becomes_bytes(text: str) -> None:
    assert from_base64(text, "") == DATA


def test_large_images_are_decoded_whole() -> None:
    data = bytes(range(256)) * 4000
    assert from_base64(b64encode(data).decode(), "") == data


URLS = (
    "https://example.com/cat.jpg",
    "HTTP://127.0.0.1/",
    "file:///etc/passwd",
    " ftp://host/x",
    "gopher:x",
    "data:image/png,%89PNG",
)


@pytest.mark.parametrize("text", URLS)
def test_a_url_is_never_fetched(text: str) -> None:
    with pytest.raises(UnreadableImage) as caught:
        from_base64(text, "/images/1")
    (field,) = caught.value.fields
    assert field.pointer == "/images/1"
    assert field.message == "is a URL: nothing is fetched; send the image itself, in base64"


@pytest.mark.parametrize(
    "text", ["photo.jpg", "abc", "a-_b", "é", "\ud800", "====", "QQ==QQ==", TEXT + "*"]
)
def test_what_is_no_base64_is_refused(text: str) -> None:
    with pytest.raises(UnreadableImage) as caught:
        from_base64(text, "/images")
    assert [field.message for field in caught.value.fields] == ["is not base64"]
