from __future__ import annotations

from typing import Any

import pytest
from starlette.testclient import TestClient

from app.errors import DeadlineExceeded, Draining, EngineFailure, Overloaded
from tests.fakes.engine import FakeEngine
from tests.fakes.models import model
from tests.unit.api.conftest import Serve

URL = "/v1/translate"


def post(client: TestClient, **body: Any) -> Any:
    return client.post(URL, json={"target": "fr", **body})


def raw(client: TestClient, body: str | bytes, kind: str = "application/json") -> Any:
    return client.post(URL, content=body, headers={"content-type": kind})


def problem(response: Any) -> tuple[int, str, list[tuple[str, str]]]:
    body = response.json()
    assert response.headers["content-type"] == "application/problem+json"
    assert list(body) == ["type", "title", "status", "detail", "code", "request_id", "errors"]
    assert body["status"] == response.status_code
    assert body["type"] == f"urn:dragoman:{body['code']}"
    assert body["request_id"] == response.headers["x-request-id"]
    fields = [(field["pointer"], field["message"]) for field in body["errors"]]
    return response.status_code, body["code"], fields


def test_one_text_comes_back_translated(client: TestClient) -> None:
    response = post(client, text="one two three")
    assert (response.status_code, response.json()) == (
        200,
        {
            "model": {"name": "toy-en-fr", "version": 1},
            "translations": [{"text": "three two one", "score": -1.0, "finish_reason": "stop"}],
            "usage": {"source_tokens": 4, "target_tokens": 3},
        },
    )


def test_a_list_comes_back_in_order_with_alternatives_and_alignments(client: TestClient) -> None:
    options = {"beam_size": 2, "n_best": 2}
    response = post(client, text=["one two", "ten"], options=options, return_alignments=True)
    assert response.json()["translations"] == [
        {
            "text": "two one",
            "score": -1.0,
            "finish_reason": "stop",
            "alternatives": [{"text": "two", "score": -2.0, "finish_reason": "stop"}],
            "alignment": {
                "source_tokens": [" one", " two", "</s>"],
                "target_tokens": [" two", " one"],
                "weights": [[0.0, 1.0, 0.0], [1.0, 0.0, 0.0]],
            },
        },
        {
            "text": "ten",
            "score": -1.0,
            "finish_reason": "stop",
            "alternatives": [{"text": "", "score": -2.0, "finish_reason": "stop"}],
            "alignment": {
                "source_tokens": [" ten", "</s>"],
                "target_tokens": [" ten"],
                "weights": [[1.0, 0.0]],
            },
        },
    ]
    assert response.json()["usage"] == {"source_tokens": 5, "target_tokens": 4}


SURROGATE = '{"text": ["one", "a\\ud800b"], "target": "fr"}'
NAN = '{"text": "one", "target": "fr", "options": {"length_penalty": NaN}}'
INFINITY = '{"text": "one", "target": "fr", "options": {"length_penalty": 1e999}}'
TWICE = '{"text": "one", "target": "fr", "options": {"n_best": 1, "n_best": 1}}'
DEEP = '{"text": ' + "[" * 100_000


@pytest.mark.parametrize(
    ("body", "status", "code", "errors"),
    [
        ('{"text": "", "target": "fr"}', 422, "invalid_request", [("/text", "must not be empty")]),
        (
            '{"text": ["one", " \\u200b"], "target": "fr"}',
            422,
            "invalid_request",
            [("/text/1", "must not be empty")],
        ),
        (
            '{"text": [], "target": "fr"}',
            422,
            "invalid_request",
            [("/text", "must hold at least one text")],
        ),
        (
            SURROGATE,
            422,
            "invalid_request",
            [("/text/1", "must not hold half of a surrogate pair")],
        ),
        (
            '{"text": "a\\u0000b", "target": "fr"}',
            422,
            "invalid_request",
            [("/text", "must not hold a NUL character")],
        ),
        (
            '{"text": 3, "target": "fr"}',
            422,
            "invalid_request",
            [("/text", "must be a string or a list of strings")],
        ),
        (
            '{"text": ["one", 3, 4], "target": "fr"}',
            422,
            "invalid_request",
            [("/text/1", "must be a string")],
        ),
        ('{"text": "one"}', 422, "invalid_request", [("/target", "is required")]),
        (
            '{"text": "one", "target": "fr", "txet": "two"}',
            422,
            "invalid_request",
            [("/txet", "is not a known field")],
        ),
        (
            '{"text": "one", "target": "fr", "a secret sentence": 1}',
            422,
            "invalid_request",
            [("", "has a field that is not known")],
        ),
        (
            '{"text": "one", "text": "two", "target": "fr"}',
            422,
            "invalid_request",
            [("/text", "is there twice")],
        ),
        (TWICE, 422, "invalid_request", [("/options/n_best", "is there twice")]),
        (
            NAN,
            422,
            "invalid_request",
            [("/options/length_penalty", "must be a finite number")],
        ),
        (
            INFINITY,
            422,
            "invalid_request",
            [("/options/length_penalty", "must be a finite number")],
        ),
        (
            '{"text": "one", "target": "fr", "options": {"beam_size": "4"}}',
            422,
            "invalid_request",
            [("/options/beam_size", "must be a whole number")],
        ),
        (
            '{"text": "one", "target": "fr", "options": {"beam_size": true}}',
            422,
            "invalid_request",
            [("/options/beam_size", "must be a whole number")],
        ),
        (
            '{"text": "one", "target": "fr", "options": {"beam_size": 17}}',
            422,
            "invalid_request",
            [("/options/beam_size", "Input should be less than or equal to 16")],
        ),
        (
            '{"text": "one", "target": "fr", "options": {"beam_size": 2, "n_best": 3}}',
            422,
            "invalid_request",
            [("/options/n_best", "is 3; with a beam_size of 2 at most 2 come back")],
        ),
        (
            '{"text": "one", "target": "fr", "options": {"max_tokens": 65}}',
            422,
            "invalid_request",
            [("/options/max_tokens", "is 65; the limit of toy-en-fr is 64")],
        ),
        (
            '{"text": "one", "target": "de"}',
            404,
            "unknown_language_pair",
            [("/target", "pairs: en-fr")],
        ),
        (
            '{"text": "one", "target": "fr", "source": "de"}',
            404,
            "unknown_language_pair",
            [("/source", "pairs: en-fr")],
        ),
        (
            '{"text": "one", "target": "fr", "model": "none"}',
            404,
            "unknown_model",
            [("/model", "is not loaded; there is: toy-en-fr")],
        ),
        ('{"text": ', 422, "invalid_request", [("", "is not JSON: see line 1, column 10")]),
        (DEEP, 422, "invalid_request", [("", "is nested too deeply")]),
        (
            "{" + ", ".join(f'"k{place}": 1' for place in range(65)) + "}",
            422,
            "invalid_request",
            [("", "has an object of more than 64 fields")],
        ),
        ("[]", 422, "invalid_request", [("", "must be an object")]),
        ("", 422, "invalid_request", [("", "is empty; send a JSON object")]),
        (
            '{"text": ' + "1" * 5000 + "}",
            422,
            "invalid_request",
            [("", "holds a number with too many digits")],
        ),
        (b'{"text": "\xff"}', 422, "invalid_request", [("", "is not UTF-8: see byte 10")]),
    ],
)
def test_bad_input_is_refused_with_a_pointer(
    client: TestClient,
    body: str | bytes,
    status: int,
    code: str,
    errors: list[tuple[str, str]],
) -> None:
    assert problem(raw(client, body)) == (status, code, errors)
    assert post(client, text="one").status_code == 200


def test_too_long_a_text_is_refused_with_its_count_and_the_limit(client: TestClient) -> None:
    assert problem(post(client, text=["one", "one " * 32])) == (
        422,
        "too_long",
        [("/text/1", "is 33 tokens long; the limit of toy-en-fr is 32")],
    )
    assert post(client, text="one " * 31).status_code == 200


def test_too_many_items_are_refused(serve: Serve) -> None:
    client = serve(max_items=3)
    errors = [("/text", "holds 1000 texts; the limit is 3")]
    assert problem(post(client, text=["one"] * 1000)) == (422, "invalid_request", errors)


def test_a_list_that_could_never_fit_is_refused_for_good(client: TestClient) -> None:
    message = (
        "holds 5 texts, 20 rows at 4 each; the limit is 16 rows: "
        "send at most 4 texts at once, or use a smaller beam_size or n_best"
    )
    response = post(client, text=["one"] * 5, options={"beam_size": 4})
    assert problem(response) == (422, "invalid_request", [("/text", message)])


@pytest.mark.parametrize(
    ("options", "pointer"),
    [
        ({"beam_size": 9}, "/options/beam_size"),
        ({"beam_size": 9, "n_best": 9}, "/options/beam_size"),
        ({"n_best": 9, "seed": 1}, "/options/n_best"),
    ],
)
def test_more_rows_than_the_engine_has_are_refused_for_good(
    client: TestClient, options: dict[str, int], pointer: str
) -> None:
    response = post(client, text="one", options=options)
    errors = [(pointer, "asks for 9 rows; this service decodes at most 8 at once")]
    assert problem(response) == (422, "invalid_request", errors)


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("text/plain", 415),
        ("application/x-www-form-urlencoded", 415),
        ("application/json; charset=utf-8", 200),
        ("application/vnd.api+json", 200),
    ],
)
def test_only_json_is_read(client: TestClient, kind: str, status: int) -> None:
    assert raw(client, '{"text": "one", "target": "fr"}', kind).status_code == status


def test_a_compressed_body_is_refused(client: TestClient) -> None:
    headers = {"content-type": "application/json", "content-encoding": "gzip"}
    response = client.post(URL, content=b"\x1f\x8b", headers=headers)
    assert problem(response) == (415, "unsupported_media_type", [])


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        ({"text": ["one", "a" + "\u0301\u0316" * 100_000]}, "/text/1"),
        ({"text": "a" + "\u0301\u00ad\u0316\u200d" * 100_000}, "/text"),
        ({"text": "one", "options": {"prefix": "a" + "\u0301\u0316" * 16}}, "/options/prefix"),
    ],
    ids=["list", "parted", "prefix"],
)
def test_marks_without_end_are_refused_before_they_are_put_in_order(
    client: TestClient, fields: dict[str, Any], pointer: str
) -> None:
    message = "must not pile more than 30 marks on one letter: leave some out"
    assert problem(post(client, **fields)) == (422, "invalid_request", [(pointer, message)])


def test_a_declared_and_an_undeclared_large_body_are_both_413(client: TestClient) -> None:
    assert problem(raw(client, b"a" * 10_000_000)) == (413, "too_large", [])
    chunks = (b"a" * 65_536 for _ in range(160))
    response = client.post(URL, content=chunks, headers={"content-type": "application/json"})
    assert problem(response) == (413, "too_large", [])


def test_an_error_never_repeats_the_text(client: TestClient) -> None:
    secret = "my secret sentence"
    bodies = [
        {"text": {secret: 1}, "target": secret, "source": secret, "model": secret, secret: secret},
        {"text": "\x00" + secret, "target": "fr"},
        {"text": secret, "target": "de", "options": {secret: secret, "beam_size": secret}},
    ]
    for body in bodies:
        response = client.post(URL, json=body)
        assert 400 <= response.status_code < 500
        assert "secret" not in response.text


@pytest.mark.parametrize(
    ("error", "status", "retry_after"),
    [
        (Overloaded("full", retry_after=2.2), 503, "3"),
        (Draining("going"), 503, "1"),
        (DeadlineExceeded("late"), 504, None),
        (EngineFailure("broken"), 500, None),
    ],
)
def test_errors_of_the_engine_have_their_status(
    serve: Serve, error: Any, status: int, retry_after: str | None
) -> None:
    for engine in (FakeEngine(refusal=error), FakeEngine(error=error)):
        response = post(serve(model(engine=engine)), text="one")
        assert problem(response) == (status, error.code, [])
        assert response.headers.get("retry-after") == retry_after


def test_a_bug_is_a_500_that_tells_nothing(serve: Serve) -> None:
    client = serve(model(engine=FakeEngine(error=ZeroDivisionError("my secret sentence"))))
    response = post(client, text="one")
    assert problem(response) == (500, "internal_error", [])
    assert "secret" not in response.text


def test_rows_are_given_back_after_an_error(serve: Serve) -> None:
    engine = FakeEngine(error=DeadlineExceeded("late"))
    post(serve(model(engine=engine)), text="one")
    assert [submission.cancelled for submission in engine.submissions] == [True]


def test_the_deadline_goes_to_the_engine(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.api.middleware.time.monotonic", lambda: 100.0)
    engine = FakeEngine()
    post(serve(model(engine=engine), deadline=7), text="one")
    assert engine.deadlines == [107.0]


def test_options_reach_the_engine(serve: Serve) -> None:
    engine = FakeEngine()
    options = {"beam_size": 3, "n_best": 2, "max_tokens": 5, "length_penalty": 0.5}
    post(serve(model(engine=engine)), text="one", options=options)
    used = engine.submissions[0].items[0].options
    assert (used.beam_size, used.n_best, used.max_tokens, used.length_penalty) == (3, 2, 5, 0.5)


def test_left_out_options_are_the_models_own(serve: Serve) -> None:
    engine = FakeEngine()
    post(serve(model(engine=engine)), text="one two")
    used = engine.submissions[0].items[0].options
    assert (used.beam_size, used.n_best, used.max_tokens, used.length_penalty) == (2, 1, 22, 1.0)


def test_an_answer_takes_no_thread(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a thread costs more than the answer")

    monkeypatch.setattr("anyio.to_thread.run_sync", refuse)
    assert client.post("/v1/translate", json={"text": "one", "target": "fr"}).status_code == 200
