"""`POST /v1/caption` and its stream; the engine answers with the four colours, the last first."""

from __future__ import annotations

import json
from base64 import b64encode
from typing import Any

import pytest
from starlette.testclient import TestClient

from app.errors import DeadlineExceeded, EngineFailure, Overloaded
from tests.fakes.engine import FakeEngine
from tests.fakes.images import BLUE, GREEN, HEIC, RED, SVG, WHITE, cells, encode, png
from tests.fakes.models import captioner, model, without_attention
from tests.unit.api.conftest import Serve
from tests.unit.api.test_stream import events
from tests.unit.api.test_translate import problem

URL = "/v1/caption"
PHOTO = encode(cells())
OTHER = encode(cells(WHITE, BLUE, GREEN, RED), "JPEG", quality=95)
FIRST, SECOND = "white blue green red", "red green blue white"


@pytest.fixture
def client(serve: Serve) -> TestClient:
    return serve(model(), captioner())


def text(data: bytes = PHOTO) -> str:
    return b64encode(data).decode()


def post(client: TestClient, **body: Any) -> Any:
    return client.post(URL, json=body)


def form(
    client: TestClient, *images: bytes, url: str = URL, **fields: str | bytes | list[str]
) -> Any:
    return client.post(url, files=[("image", ("a.jpg", data)) for data in images], data=fields)


def captions(response: Any) -> list[str]:
    assert response.status_code == 200, response.text
    return [caption["text"] for caption in response.json()["captions"]]


def test_one_image_comes_back_in_words(client: TestClient) -> None:
    expected = {
        "model": {"name": "toy-colours", "version": 1},
        "captions": [{"text": FIRST, "score": -1.0, "finish_reason": "stop"}],
        "usage": {"images": 1, "target_tokens": 4},
    }
    for response in (post(client, images=text()), form(client, PHOTO)):
        assert (response.status_code, response.json()) == (200, expected)


def test_many_images_come_back_in_order(client: TestClient) -> None:
    assert captions(form(client, PHOTO, OTHER, PHOTO)) == [FIRST, SECOND, FIRST]
    assert captions(post(client, images=[text(), text(OTHER)])) == [FIRST, SECOND]


def test_alternatives_and_attention_come_back_when_asked_for(client: TestClient) -> None:
    options = {"beam_size": 2, "n_best": 2}
    asked = post(client, images=text(), options=options, return_attention=True)
    (caption,) = asked.json()["captions"]
    assert caption["alternatives"] == [
        {"text": "white blue green", "score": -2.0, "finish_reason": "stop"}
    ]
    assert caption["attention"] == {
        "rows": 2,
        "columns": 2,
        "words": [
            {"text": "white", "weights": [[0.0, 0.0], [0.0, 1.0]]},
            {"text": "blue", "weights": [[0.0, 0.0], [1.0, 0.0]]},
            {"text": "green", "weights": [[0.0, 1.0], [0.0, 0.0]]},
            {"text": "red", "weights": [[1.0, 0.0], [0.0, 0.0]]},
        ],
    }
    told = form(client, PHOTO, options=json.dumps(options), return_attention="true")
    assert told.json() == asked.json()


def test_every_field_of_a_form_reaches_the_engine(serve: Serve) -> None:
    engine = FakeEngine()
    client = serve(captioner("other"), captioner(engine=engine))
    fields = {
        "model": "toy-colours",
        "priority": "bulk",
        "deadline_ms": "5000",
        "options": '{"beam_size": 1, "max_tokens": 2}',
    }
    response = form(client, PHOTO, **fields)
    assert captions(response) == ["white blue"]
    assert response.json()["captions"][0]["finish_reason"] == "length"
    (submission,) = engine.submissions
    assert engine.bulk == [True]
    assert submission.items[0].options.max_tokens == 2
    assert submission.items[0].source["image"].shape == (8, 8, 3)


def test_a_model_bounds_a_caption_by_itself_if_nobody_else_does(serve: Serve) -> None:
    engine = FakeEngine()
    form(serve(captioner(engine=engine)), PHOTO)
    assert engine.submissions[0].items[0].options.max_tokens == 16


@pytest.mark.parametrize("images", [(PHOTO,), (PHOTO, OTHER)])
def test_a_stream_spells_the_answer(client: TestClient, images: tuple[bytes, ...]) -> None:
    response = form(client, *images, url=f"{URL}/stream", return_attention="true")
    *pieces, done = events(response)
    spelt = [""] * len(images)
    for piece in pieces:
        spelt[piece["index"]] += piece["text"]
    assert spelt == [FIRST, SECOND][: len(images)]
    plain = form(client, *images, return_attention="true")
    assert (done["type"], done["result"]) == ("done", plain.json())
    by_json = client.post(f"{URL}/stream", json={"images": [text(image) for image in images]})
    assert events(by_json)[-1]["result"]["captions"][0]["text"] == FIRST


def one(pointer: str, message: str) -> list[tuple[str, str]]:
    return [(pointer, message)]


NOT_READ = "; send JPEG, PNG, WebP or GIF"
DAMAGED = "is damaged or breaks off: a {} that cannot be decoded"


@pytest.mark.parametrize(
    ("data", "code", "message"),
    [
        (b"", "unreadable_image", "is empty"),
        (b"hello", "unreadable_image", f"is no image of a known format{NOT_READ}"),
        (SVG, "unreadable_image", f"is SVG{NOT_READ}"),
        (HEIC, "unreadable_image", f"is HEIC{NOT_READ}"),
        (PHOTO[:60], "unreadable_image", DAMAGED.format("PNG")),
        (OTHER[:-20], "unreadable_image", DAMAGED.format("JPEG")),
        (OTHER[:100], "unreadable_image", "breaks off in its header"),
        (png(0, 0), "unreadable_image", "is 0 x 0 pixels: there is nothing to see"),
        (
            png(50_000, 50_000, bytes(1000)),
            "image_too_large",
            "is 50000 x 50000 pixels; the limit is 25000000 pixels in all: make it smaller",
        ),
    ],
)
def test_a_bad_image_is_named_and_fails_the_whole_list(
    client: TestClient, data: bytes, code: str, message: str
) -> None:
    assert problem(form(client, PHOTO, data, PHOTO)) == (422, code, one("/images/1", message))
    if data:
        told = problem(post(client, images=[text(), text(data)]))
        assert told == (422, code, one("/images/1", message))
    assert problem(post(client, images=text(data))) == (422, code, one("/images", message))
    stream = form(client, data, url=f"{URL}/stream")
    assert problem(stream) == (422, code, one("/images/0", message))
    assert captions(form(client, PHOTO)) == [FIRST]


URL_MESSAGE = "is a URL: nothing is fetched; send the image itself, in base64"


@pytest.mark.parametrize(
    ("body", "status", "code", "errors"),
    [
        ({}, 422, "invalid_request", one("/images", "is required")),
        (
            {"images": []},
            422,
            "invalid_request",
            one("/images", "must hold at least one image"),
        ),
        (
            {"images": 1},
            422,
            "invalid_request",
            one("/images", "must be a string or a list of strings"),
        ),
        ({"images": [1]}, 422, "invalid_request", one("/images/0", "must be a string")),
        (
            {"images": [text(), None]},
            422,
            "invalid_request",
            one("/images/1", "must be a string"),
        ),
        (
            {"images": "https://example.com/cat.jpg"},
            422,
            "unreadable_image",
            one("/images", URL_MESSAGE),
        ),
        (
            {"images": [text(), "file:///etc/passwd"]},
            422,
            "unreadable_image",
            one("/images/1", URL_MESSAGE),
        ),
        ({"images": "cat.jpg"}, 422, "unreadable_image", one("/images", "is not base64")),
        ({"image": text()}, 422, "invalid_request", None),
        ({"images": text(), "model": "toy-en-fr"}, 404, "unknown_model", None),
        ({"images": text(), "model": "none"}, 404, "unknown_model", None),
        (
            {"images": text(), "options": {"beam_size": 2, "n_best": 3}},
            422,
            "invalid_request",
            one("/options/n_best", "is 3; with a beam_size of 2 at most 2 come back"),
        ),
        (
            {"images": text(), "options": {"prefix": "zebra"}},
            422,
            "invalid_request",
            one("/options/prefix", "holds a word that toy-colours cannot write"),
        ),
        (
            {"images": [text()] * 9, "options": {"beam_size": 2}},
            422,
            "invalid_request",
            one(
                "/images",
                "holds 9 images, 18 rows at 2 each; the limit is 16 rows: send at most 8 images at "
                "once, or use a smaller beam_size or n_best",
            ),
        ),
    ],
)
def test_bad_input_is_refused_with_a_pointer(
    client: TestClient, body: dict[str, Any], status: int, code: str, errors: Any
) -> None:
    found = problem(post(client, **body))
    assert found[:2] == (status, code)
    assert errors is None or found[2] == errors


def test_a_list_may_be_too_long(serve: Serve) -> None:
    client = serve(captioner(), max_items=2)
    expected = (422, "invalid_request", one("/images", "holds 3 images; the limit is 2"))
    assert problem(form(client, PHOTO, PHOTO, PHOTO)) == expected


def test_a_model_without_attention_cannot_show_any(serve: Serve) -> None:
    blind = without_attention(captioner().artifact.manifest.signatures)
    client = serve(captioner(signatures=blind))
    assert problem(form(client, PHOTO, return_attention="true")) == (
        422,
        "unsupported_option",
        one("/return_attention", "toy-colours has no attention to show"),
    )


def test_without_a_model_of_images_there_are_no_captions(serve: Serve) -> None:
    assert problem(form(serve(model()), PHOTO)) == (404, "unknown_model", [])


def test_large_bodies_are_for_images_only(serve: Serve) -> None:
    client = serve(model(), captioner(), max_body=2000, max_image_body=9000)
    noise = encode(cells(), compress_level=0)
    assert len(noise) > 2000
    assert captions(form(client, noise)) == [FIRST]
    assert problem(form(client, bytes(9000)))[:2] == (413, "too_large")
    body = {"text": "a" * 2001, "target": "fr"}
    assert problem(client.post("/v1/translate", json=body))[:2] == (413, "too_large")


def test_a_body_that_grows_beyond_the_limit_is_stopped(serve: Serve) -> None:
    client = serve(captioner(), max_image_body=9000)
    taken = 0

    def chunks() -> Any:
        nonlocal taken
        for _ in range(1000):
            taken += 1
            yield bytes(1000)

    headers = {"content-type": "multipart/form-data; boundary=x"}
    response = client.post(URL, content=chunks(), headers=headers)
    assert problem(response)[:2] in ((413, "too_large"), (422, "invalid_request"))


def test_a_body_that_could_never_be_held_is_too_large(serve: Serve) -> None:
    client = serve(captioner(), image_memory=1024)
    assert problem(form(client, bytes(1024)))[:2] == (413, "too_large")
    assert captions(form(client, PHOTO)) == [FIRST]


def test_the_limits_of_pixels_is_a_setting_and_is_told(serve: Serve) -> None:
    client = serve(captioner(), model(), max_pixels=700)
    found = problem(form(client, PHOTO))
    message = "is 32 x 24 pixels; the limit is 700 pixels in all: make it smaller"
    assert found == (422, "image_too_large", one("/images/0", message))
    colours, french = client.get("/v1/models").json()["models"]
    assert colours["image"] == {
        "height": 8,
        "width": 8,
        "formats": ["JPEG", "PNG", "WEBP", "GIF"],
        "max_pixels": 700,
    }
    assert "image" not in french


@pytest.mark.parametrize(
    ("error", "status"),
    [(EngineFailure("broken"), 500), (DeadlineExceeded("late"), 504)],
)
def test_errors_of_the_engine_have_their_status(serve: Serve, error: Any, status: int) -> None:
    assert form(serve(captioner(engine=FakeEngine(error=error))), PHOTO).status_code == status


def test_a_full_engine_refuses_before_the_first_byte(serve: Serve) -> None:
    client = serve(captioner(engine=FakeEngine(refusal=Overloaded("full", retry_after=3.0))))
    for url in (URL, f"{URL}/stream"):
        assert problem(form(client, PHOTO, url=url))[:2] == (503, "overloaded")


def test_images_are_counted(client: TestClient) -> None:
    form(client, PHOTO, OTHER)
    lines = client.get("/metrics").text.splitlines()
    assert 'dragoman_items_total{model="toy-colours"} 2.0' in lines
    assert 'dragoman_tokens_total{model="toy-colours",side="target"} 8.0' in lines
    assert "dragoman_images_waiting 0.0" in lines


def test_neither_answers_nor_logs_hold_what_was_sent(
    client: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("DEBUG", "dragoman"):
        response = post(client, images="https://secret.example/cat.jpg")
        told = form(client, b"secret words", options='{"secret": 1}')
    assert "secret" not in response.text + caplog.text
    assert problem(told)[0] == 422
