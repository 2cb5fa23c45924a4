"""Captions by the client: the form it sends, what it makes of the answer, streams of both kinds."""

from __future__ import annotations

import email
import io
import json
from pathlib import Path
from typing import Any

import httpx2
import pytest

from dragoman_client import (
    Alternative,
    AsyncDragoman,
    Attention,
    Caption,
    Dragoman,
    ImageInput,
    InvalidRequest,
    ModelVersion,
    Piece,
    UnexpectedAnswer,
    Usage,
    Word,
)
from tests.client.replies import MODEL, Replies, captioned, problem, translated
from tests.client.test_summarize import stream

PHOTO = b"\xff\xd8\xff any bytes \r\n--cut--\r\n"
SEEN = Caption(
    text="a dog",
    score=-0.5,
    finish_reason="stop",
    model=ModelVersion("caption-en", 1),
    usage=Usage(0, 5, images=1),
    request_id="served",
)
LOOKED = {"rows": 1, "columns": 2, "words": [{"text": "dog", "weights": [[0.25, 0.75]]}]}


def connect(*replies: httpx2.Response) -> tuple[Dragoman, Replies]:
    kept = Replies(*replies)
    return Dragoman("http://service", transport=kept.transport, retries=0), kept


def parts(request: httpx2.Request) -> list[tuple[str, str | None, bytes]]:
    """The name, the file name and the content of each part, as another reader of forms sees it."""
    kind = request.headers["content-type"].encode()
    message = email.message_from_bytes(b"Content-Type: " + kind + b"\r\n\r\n" + request.content)
    assert message.get_content_type() == "multipart/form-data"
    found = []
    for part in message.get_payload():
        assert isinstance(part, email.message.Message)
        name = part.get_param("name", header="content-disposition")
        content = part.get_payload(decode=True)
        assert isinstance(content, bytes)
        found.append((str(name), part.get_filename(), content))
    return found


def test_bytes_give_one_caption() -> None:
    client, replies = connect(captioned("a dog"))
    caption = client.caption(PHOTO)
    assert (caption, str(caption)) == (SEEN, "a dog")
    assert PHOTO in replies.requests[0].content
    assert str(replies.requests[0].url) == "http://service/v1/caption"


def test_a_path_a_file_and_bytes_are_sent_alike(tmp_path: Path) -> None:
    path = tmp_path / "photo.jpg"
    path.write_bytes(b"pixels")
    with path.open("rb") as file:
        images = [path, str(path), file, io.BytesIO(b"pixels"), bytearray(b"pixels"), b"pixels"]
        client, replies = connect(captioned(*["a dog"] * 6))
        assert len(client.caption(images)) == 6
    assert parts(replies.requests[0]) == [("image", "image", b"pixels")] * 6


def test_what_is_no_image_is_a_mistake_of_the_caller(tmp_path: Path) -> None:
    client, replies = connect()
    for wrong in (1, io.StringIO("text"), None, [b"one", 2]):
        with pytest.raises(TypeError, match="an image is bytes, a path, or a file"):
            client.caption(wrong)  # type: ignore[call-overload]
    with pytest.raises(FileNotFoundError):
        client.caption(tmp_path / "none.jpg")
    with pytest.raises(TypeError, match="unknown argument: target"):
        client.caption(PHOTO, target="fr")  # type: ignore[call-overload]
    assert replies.requests == []


def test_every_argument_reaches_the_service() -> None:
    client, replies = connect(captioned("a dog"))
    client.caption(
        b"pixels",
        model="m",
        beam_size=4,
        n_best=2,
        return_attention=True,
        deadline_ms=50,
        seed=None,
    )
    assert parts(replies.requests[0]) == [
        ("model", None, b"m"),
        ("return_attention", None, b"true"),
        ("deadline_ms", None, b"50"),
        ("options", None, b'{"beam_size": 4, "n_best": 2}'),
        ("image", "image", b"pixels"),
    ]


def test_alternatives_and_attention_are_values() -> None:
    other = {"text": "a cat", "score": -2, "finish_reason": "stop"}
    client, _ = connect(captioned("dog", alternatives=[other], attention=LOOKED))
    caption = client.caption(PHOTO)
    assert caption.alternatives == (Alternative("a cat", -2, "stop"),)
    assert caption.attention == Attention(1, 2, (Word("dog", ((0.25, 0.75),)),))
    assert str(caption.attention.words[0]) == "dog"


def test_a_translation_is_no_caption() -> None:
    for reply in (translated("Bonjour"), captioned(), captioned("one", "two")):
        client, _ = connect(reply)
        with pytest.raises(UnexpectedAnswer):
            client.caption(PHOTO)


def test_a_bad_image_is_pointed_at() -> None:
    client, _ = connect(problem(422, "unreadable_image", ("/images/1", "is empty")))
    with pytest.raises(InvalidRequest) as caught:
        client.caption([PHOTO, b""])
    assert (caught.value.code, caught.value.errors[0].pointer) == ("unreadable_image", "/images/1")


def done(*texts: str) -> dict[str, Any]:
    return {"type": "done", "result": captioned(*texts).json(), "timings": {"total_ms": 1.0}}


PIECES = [{"type": "token", "index": 0, "text": text} for text in ("a", " dog")]


def test_pieces_come_in_order_and_the_caption_at_the_end() -> None:
    client, replies = connect(stream(*PIECES, done("a dog")))
    found = client.caption_stream(PHOTO, max_tokens=9)
    assert list(found) == [Piece(0, "a"), Piece(0, " dog")]
    assert found.result == SEEN
    assert parts(replies.requests[0])[0] == ("options", None, b'{"max_tokens": 9}')
    assert str(replies.requests[0].url) == "http://service/v1/caption/stream"


async def test_the_async_client_does_the_same() -> None:
    replies = Replies(captioned("a dog"), captioned("A", "B"), stream(done("A", "B")))
    async with AsyncDragoman("http://service", transport=replies.transport) as client:
        assert await client.caption(PHOTO) == SEEN
        assert [str(one) for one in await client.caption((PHOTO, PHOTO))] == ["A", "B"]
        found = await client.caption_stream([PHOTO, PHOTO])
        assert [piece async for piece in found] == []
        assert [one.text for one in found.results] == ["A", "B"]


def test_a_model_of_images_says_what_it_takes() -> None:
    image = {"height": 224, "width": 224, "formats": ["JPEG"], "max_pixels": 9, "more": 1}
    client, _ = connect(
        httpx2.Response(200, json={"models": [{**MODEL, "image": image}, MODEL]}),
    )
    seeing, reading = client.models()
    assert seeing.image == ImageInput(224, 224, ("JPEG",), 9)
    assert reading.image is None


def test_requests_are_json_where_they_hold_no_image() -> None:
    client, replies = connect(translated("Bonjour"))
    client.translate("Hello", target="fr")
    assert replies.requests[0].headers["content-type"] == "application/json"
    assert json.loads(replies.requests[0].content) == {"text": "Hello", "target": "fr"}
