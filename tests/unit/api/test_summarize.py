"""`POST /v1/summarize` and its stream; the engine answers with the words, the last first."""

from __future__ import annotations

import json
from typing import Any

import pytest
from starlette.testclient import TestClient

from app.artifacts.manifest import TokenDecoding
from app.engine.config import EngineConfig
from app.engine.engine import Engine
from app.engine.observer import NullObserver
from app.errors import DeadlineExceeded, EngineFailure, Overloaded
from app.tasks.loaded import LoadedModel
from tests.fakes.engine import FakeEngine
from tests.fakes.models import model
from tests.fakes.spelling_backend import BOS, EOS, PAD, UNK, FakeBackend, spell
from tests.unit.api.conftest import Serve
from tests.unit.api.test_stream import events
from tests.unit.api.test_translate import problem

URL = "/v1/summarize"


def summarizer(name: str = "short-en", *languages: str, **changes: Any) -> LoadedModel:
    pairs = [(one, one) for one in languages or ("en",)]
    return model(name, pairs=pairs, task="summarize", **changes)


@pytest.fixture
def client(serve: Serve) -> TestClient:
    return serve(model(), summarizer(), summarizer("short-zh", "zh"))


def post(client: TestClient, **body: Any) -> Any:
    return client.post(URL, json=body)


def whole(text: str) -> dict[str, int]:
    tokens, characters = len(text.split()), len(text)
    return {
        "tokens": tokens,
        "of_tokens": tokens,
        "characters": characters,
        "of_characters": characters,
    }


def test_one_text_comes_back_shortened(client: TestClient) -> None:
    response = post(client, text="one two three")
    assert (response.status_code, response.json()) == (
        200,
        {
            "model": {"name": "short-en", "version": 1},
            "summaries": [
                {
                    "text": "three two one",
                    "score": -1.0,
                    "finish_reason": "stop",
                    "words": 3,
                    "language": "en",
                    "read": whole("one two three"),
                }
            ],
            "usage": {"source_tokens": 4, "target_tokens": 3},
        },
    )


def test_a_list_comes_back_in_order_with_alternatives_and_alignments(client: TestClient) -> None:
    options = {"beam_size": 2, "n_best": 2}
    response = post(client, text=["one two", "ten"], options=options, return_alignments=True)
    first, second = response.json()["summaries"]
    assert (first["text"], second["text"]) == ("two one", "ten")
    assert first["alternatives"] == [{"text": "two", "score": -2.0, "finish_reason": "stop"}]
    assert first["alignment"] == {
        "source_tokens": [" one", " two", "</s>"],
        "target_tokens": [" two", " one"],
        "weights": [[0.0, 1.0, 0.0], [1.0, 0.0, 0.0]],
    }


def test_the_language_of_each_text_is_told(client: TestClient) -> None:
    found = [
        (body["model"]["name"], body["summaries"][0]["language"])
        for body in (
            post(client, text="one two").json(),
            post(client, text="今天发布暴雨预警").json(),
            post(client, text="今天发布暴雨预警", language="EN").json(),
        )
    ]
    assert found == [("short-en", "en"), ("short-zh", "zh"), ("short-en", "en")]


def test_of_a_long_article_the_beginning_is_read_and_the_answer_says_so(client: TestClient) -> None:
    response = post(client, text=["one " * 5000, "ten"])
    long, short = response.json()["summaries"]
    assert response.status_code == 200
    assert long["read"] == {
        "tokens": 31,
        "of_tokens": 5000,
        "characters": 123,
        "of_characters": 19_999,
    }
    assert short["read"] == whole("ten")
    assert response.json()["usage"]["source_tokens"] == 34


def test_an_article_beyond_the_bodys_limit_is_413(client: TestClient) -> None:
    assert problem(post(client, text="one " * 300_000)) == (413, "too_large", [])


@pytest.mark.parametrize(
    ("body", "status", "code", "errors"),
    [
        ({"text": ""}, 422, "invalid_request", [("/text", "must not be empty")]),
        ({"text": ["one", " "]}, 422, "invalid_request", [("/text/1", "must not be empty")]),
        ({"text": []}, 422, "invalid_request", [("/text", "must hold at least one text")]),
        (
            {"text": "a\x00b"},
            422,
            "invalid_request",
            [("/text", "must not hold a NUL character")],
        ),
        (
            {"text": "a\ud800b"},
            422,
            "invalid_request",
            [("/text", "must not hold half of a surrogate pair")],
        ),
        (
            {"text": {"a": 1}},
            422,
            "invalid_request",
            [("/text", "must be a string or a list of strings")],
        ),
        ({"text": ["one", None]}, 422, "invalid_request", [("/text/1", "must be a string")]),
        ({}, 422, "invalid_request", [("/text", "is required")]),
        (
            {"text": "one", "target": "fr"},
            422,
            "invalid_request",
            [("/target", "is not a known field")],
        ),
        (
            {"text": "one", "options": {"max_words": 0}},
            422,
            "invalid_request",
            [("/options/max_words", "Input should be greater than or equal to 1")],
        ),
        (
            {"text": "one", "options": {"min_words": 5, "max_words": 4}},
            422,
            "invalid_request",
            [("/options/min_words", "is 5; max_words is 4")],
        ),
        (
            {"text": "one", "options": {"length": "short", "max_words": 4}},
            422,
            "invalid_request",
            [("/options/length", "must be left out where min_words or max_words is given")],
        ),
        (
            {"text": "one", "options": {"length": "huge"}},
            422,
            "invalid_request",
            [("/options/length", "Input should be 'short', 'medium' or 'long'")],
        ),
        (
            {"text": "one", "options": {"min_words": 65}},
            422,
            "invalid_request",
            [
                (
                    "/options/min_words",
                    "asks for 65 words; at most 64 tokens may come, one or more a word",
                )
            ],
        ),
        (
            {"text": "one", "options": {"max_tokens": 65}},
            422,
            "invalid_request",
            [("/options/max_tokens", "is 65; the limit of short-en is 64")],
        ),
        (
            {"text": "one", "language": "fr"},
            404,
            "unknown_language",
            [("/language", "languages: en, zh")],
        ),
        (
            {"text": "Привет"},
            404,
            "unknown_language",
            [("/text", "is in none of: en, zh; name `language` if it is")],
        ),
        (
            {"text": "12 + 30"},
            422,
            "invalid_request",
            [("/language", "must be one of: en, zh")],
        ),
        (
            {"text": ["one", "今天"]},
            422,
            "invalid_request",
            [("/text/1", "is in zh, /text/0 in en, and no model reads both")],
        ),
        (
            {"text": "one", "model": "toy-en-fr"},
            404,
            "unknown_model",
            [("/model", "does not summarize; there is: short-en, short-zh")],
        ),
        (
            {"text": "one", "model": "none"},
            404,
            "unknown_model",
            [("/model", "is not loaded; there is: short-en, short-zh, toy-en-fr")],
        ),
    ],
)
def test_bad_input_is_refused_with_a_pointer(
    client: TestClient,
    body: dict[str, Any],
    status: int,
    code: str,
    errors: list[tuple[str, str]],
) -> None:
    headers = {"content-type": "application/json"}
    for url in (URL, f"{URL}/stream"):
        response = client.post(url, content=json.dumps(body).encode(), headers=headers)
        assert problem(response) == (status, code, errors)
    assert post(client, text="one").status_code == 200


def test_a_field_that_is_there_twice_is_refused(client: TestClient) -> None:
    body = b'{"text": "one", "options": {"max_words": 3, "max_words": 4}}'
    response = client.post(URL, content=body, headers={"content-type": "application/json"})
    errors = [("/options/max_words", "is there twice")]
    assert problem(response) == (422, "invalid_request", errors)


def test_too_many_items_are_refused(serve: Serve) -> None:
    errors = [("/text", "holds 4 texts; the limit is 3")]
    response = post(serve(summarizer(), max_items=3), text=["one"] * 4)
    assert problem(response) == (422, "invalid_request", errors)


def test_translations_and_summaries_never_take_each_others_models(serve: Serve) -> None:
    only_translates, only_summarizes = serve(model()), serve(summarizer("a-model", "en"))
    response = post(only_translates, text="one")
    assert problem(response) == (404, "unknown_language", [])
    body = {"text": "one", "target": "en"}
    response = only_summarizes.post("/v1/translate", json=body)
    assert problem(response) == (404, "unknown_language_pair", [("/target", "pairs: none")])
    response = only_summarizes.post("/v1/translate", json={**body, "model": "a-model"})
    expected = (404, "unknown_model", [("/model", "does not translate; there is: none")])
    assert problem(response) == expected


def test_a_model_that_summarizes_is_described_as_such(client: TestClient) -> None:
    described = client.get("/v1/models/short-zh").json()
    assert (described["task"], described["languages"]) == (
        "summarize",
        [{"source": "zh", "target": "zh"}],
    )


def test_options_reach_the_engine(serve: Serve) -> None:
    engine = FakeEngine()
    options = {"beam_size": 3, "n_best": 2, "length_penalty": 0.5, "min_words": 2, "max_words": 9}
    body = {"text": "one", "options": options, "priority": "bulk", "deadline_ms": 5000}
    assert post(serve(summarizer(engine=engine)), **body).status_code == 200
    used = engine.submissions[0].items[0].options
    assert (used.beam_size, used.n_best, used.length_penalty) == (3, 2, 0.5)
    assert used.words is not None
    assert (used.words.least, used.words.most) == (2, 9)
    assert engine.bulk == [True]


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (Overloaded("full", retry_after=2.2), 503),
        (DeadlineExceeded("late"), 504),
        (EngineFailure("broken"), 500),
    ],
)
def test_errors_of_the_engine_have_their_status(serve: Serve, error: Any, status: int) -> None:
    engine = FakeEngine(error=error)
    response = post(serve(summarizer(engine=engine)), text="one")
    assert problem(response) == (status, error.code, [])
    assert [submission.cancelled for submission in engine.submissions] == [True]


def test_a_draining_service_turns_new_requests_away(client: TestClient) -> None:
    client.app_state["service"].gate.drain()
    assert problem(post(client, text="one")) == (503, "draining", [])


def test_metrics_count_summaries(client: TestClient) -> None:
    post(client, text=["one", "two"])
    client.post(f"{URL}/stream", json={"text": "one"})
    lines = client.get("/metrics").text.splitlines()
    for line in (
        'dragoman_requests_total{code="",method="POST",route="/v1/summarize",status="200"} 1.0',
        'dragoman_items_total{model="short-en"} 3.0',
        'dragoman_tokens_total{model="short-en",side="target"} 3.0',
    ):
        assert line in lines


def test_pieces_add_up_to_the_answer_that_ends_the_stream(client: TestClient) -> None:
    body = {"text": ["one two three", "ten " * 40]}
    *pieces, done = events(client.post(f"{URL}/stream", json=body))
    texts = ["", ""]
    for piece in pieces:
        assert piece.pop("type") == "token"
        texts[piece["index"]] += piece["text"]
    assert texts == ["three two one", " ".join(["ten"] * 31)]
    assert (done["type"], done["result"]) == ("done", post(client, **body).json())


def test_what_fails_later_ends_the_stream_with_an_error(serve: Serve) -> None:
    client = serve(summarizer(engine=FakeEngine(error=EngineFailure("broken"))))
    end = events(client.post(f"{URL}/stream", json={"text": "one two"}))[-1]
    assert (end["type"], end["error"]["code"]) == ("error", "engine_failure")


ONE, TWO, THREE = 4, 5, 6  # the ids of `one`, `two` and `three`


@pytest.fixture
def speller(serve: Serve) -> TestClient:
    """A real engine on a model that says `two three two three` of `one`."""
    backend = FakeBackend(spell({ONE: (TWO, THREE, TWO, THREE)}))
    decoding = TokenDecoding(bos=BOS, eos=EOS, never=(PAD, BOS, UNK))
    engine = Engine(backend, decoding, EngineConfig(), NullObserver())
    engine.start()
    loaded = summarizer()
    return serve(LoadedModel(**{**vars(loaded), "engine": engine, "max_rows": 32}))


@pytest.mark.parametrize("beam_size", [1, 4])
@pytest.mark.parametrize(
    ("options", "words", "text", "reason"),
    [
        ({}, 4, "two three two three", "stop"),
        ({"max_words": 3}, 3, "two three two", "length"),
        ({"max_words": 4}, 4, "two three two three", "stop"),
        ({"max_words": 3, "min_tokens": 9}, 3, "two three two", "length"),
        ({"min_words": 6}, 6, "two three two three one", "stop"),
        ({"prefix": "two three", "max_words": 2}, 2, "two three", "length"),
    ],
)
def test_word_limits_are_kept_while_decoding(
    speller: TestClient,
    beam_size: int,
    options: dict[str, Any],
    words: int,
    text: str,
    reason: str,
) -> None:
    body = {"text": "one", "options": {"beam_size": beam_size, **options}}
    (found,) = post(speller, **body).json()["summaries"]
    assert (found["words"], found["finish_reason"]) == (words, reason)
    assert found["text"].startswith(text)
    *pieces, _ = events(speller.post(f"{URL}/stream", json=body))
    assert "".join(piece["text"] for piece in pieces) == found["text"]
