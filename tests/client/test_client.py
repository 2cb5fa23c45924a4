from __future__ import annotations

from collections.abc import Callable

import httpx2
import pytest

from dragoman_client import (
    Alignment,
    Alternative,
    ApiError,
    AsyncDragoman,
    ConnectionFailed,
    DeadlineExceeded,
    Dragoman,
    DragomanError,
    FieldError,
    InvalidRequest,
    Language,
    LanguagePair,
    Licence,
    Limits,
    Metric,
    Model,
    ModelVersion,
    NotFound,
    Refused,
    ServerError,
    TargetLanguage,
    TimedOut,
    TooLong,
    Translation,
    UnexpectedAnswer,
    Usage,
)
from tests.client.replies import MODEL, Replies, problem, translated

BONJOUR = Translation(
    text="Bonjour",
    score=-0.5,
    finish_reason="stop",
    model=ModelVersion("translate-en-fr", 1),
    usage=Usage(4, 5),
    request_id="served",
)
SERVED = Model(
    name="translate-en-fr",
    version=1,
    task="translate",
    summary="English to French",
    state="ready",
    commercial_use=True,
    limits=Limits(128, 160),
    parameters=7_400_000,
    attends=True,
    languages=(LanguagePair("en", "fr"),),
    metrics=(Metric("BLEU", 50.0, "tatoeba", "test"),),
    licences=(Licence("tatoeba", "CC BY 2.0 FR", True),),
    generation={"beam_size": 4, "length_penalty": 1.0},
)


@pytest.fixture
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses that the clients asked for; no time passes, and jitter is at its middle."""
    pauses: list[float] = []

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)

    monkeypatch.setattr("dragoman_client.connection.sleep", pauses.append)
    monkeypatch.setattr("dragoman_client.connection.async_sleep", sleep)
    monkeypatch.setattr("random.random", lambda: 0.5)
    return pauses


def connect(replies: Replies, retries: int = 2) -> Dragoman:
    return Dragoman("http://service", transport=replies.transport, retries=retries)


def failure_for(reply: httpx2.Response | httpx2.TransportError) -> DragomanError:
    """The error of a call that gets only this reply and is not tried again."""
    with connect(Replies(reply), retries=0) as client, pytest.raises(DragomanError) as caught:
        client.translate("Hello", target="fr")
    return caught.value


def test_a_text_gives_one_translation() -> None:
    replies = Replies(translated("Bonjour"))
    with connect(replies) as client:
        translation = client.translate("Hello", target="fr")
    assert translation == BONJOUR
    assert str(translation) == "Bonjour"
    assert replies.bodies == [{"text": "Hello", "target": "fr"}]
    assert str(replies.requests[0].url) == "http://service/v1/translate"


def test_a_list_gives_a_list_in_order() -> None:
    replies = Replies(translated("Un", "Deux"))
    with connect(replies) as client:
        translations = client.translate(["One", "Two"], target="fr")
    assert [str(translation) for translation in translations] == ["Un", "Deux"]
    assert replies.bodies == [{"text": ["One", "Two"], "target": "fr"}]


def test_every_argument_reaches_the_service() -> None:
    replies = Replies(translated("Bonjour"))
    with connect(replies) as client:
        client.translate(
            "Hello",
            target="fr",
            source="en",
            model="m",
            beam_size=4,
            n_best=2,
            max_tokens=10,
            length_penalty=0.0,
            return_alignments=True,
            timeout=3.0,
        )
    assert replies.bodies == [
        {
            "text": "Hello",
            "target": "fr",
            "source": "en",
            "model": "m",
            "options": {"beam_size": 4, "n_best": 2, "max_tokens": 10, "length_penalty": 0.0},
            "return_alignments": True,
        }
    ]
    assert set(replies.requests[0].extensions["timeout"].values()) == {3.0}


def test_alternatives_and_alignment_are_typed() -> None:
    reply = translated(
        "Salut",
        alternatives=[{"text": "Allô", "score": -2.0, "finish_reason": "length"}],
        alignment={
            "source_tokens": ["Hello", "</s>"],
            "target_tokens": ["Salut"],
            "weights": [[0.75, 0.25]],
        },
    )
    with connect(Replies(reply)) as client:
        translation = client.translate("Hello", target="fr")
    assert translation.alternatives == (Alternative("Allô", -2.0, "length"),)
    assert translation.alignment == Alignment(("Hello", "</s>"), ("Salut",), ((0.75, 0.25),))


def test_a_lone_surrogate_reaches_the_service_that_explains_it() -> None:
    replies = Replies(problem(422, "invalid_request", ("/text", "is not valid Unicode")))
    with connect(replies) as client, pytest.raises(InvalidRequest, match="/text"):
        client.translate("\ud800", target="fr")
    assert replies.bodies[0]["text"] == "\ud800"


def test_models_are_listed_and_looked_up() -> None:
    replies = Replies(
        httpx2.Response(200, json={"models": [MODEL]}), httpx2.Response(200, json=MODEL)
    )
    with connect(replies) as client:
        assert client.models() == [SERVED]
        assert client.model("a/b") == SERVED
    assert [request.url.raw_path for request in replies.requests] == [
        b"/v1/models",
        b"/v1/models/a%2Fb",
    ]


LANGUAGES = {
    "languages": [
        {
            "code": "en",
            "name": "English",
            "targets": [{"code": "fr", "name": "français", "models": ["translate-en-fr"]}],
            "summarizers": [],
        }
    ]
}
ENGLISH = Language("en", "English", (TargetLanguage("fr", "français", ("translate-en-fr",)),), ())


async def test_languages_are_told_with_what_they_can_be_translated_into() -> None:
    replies = Replies(httpx2.Response(200, json=LANGUAGES))
    with connect(replies) as client:
        assert client.languages() == [ENGLISH]
    replies = Replies(httpx2.Response(200, json=LANGUAGES), httpx2.Response(200, json={}))
    async with AsyncDragoman("http://service", transport=replies.transport) as client:
        assert await client.languages() == [ENGLISH]
        with pytest.raises(UnexpectedAnswer):
            await client.languages()
    assert {request.url.path for request in replies.requests} == {"/v1/languages"}


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (400, "invalid_request", InvalidRequest),
        (413, "invalid_request", InvalidRequest),
        (415, "invalid_request", InvalidRequest),
        (422, "unsupported_option", InvalidRequest),
        (422, "too_long", TooLong),
        (404, "unknown_model", NotFound),
        (404, "unknown_language_pair", NotFound),
        (429, "quota", Refused),
        (503, "overloaded", Refused),
        (504, "deadline_exceeded", DeadlineExceeded),
        (500, "engine_failure", ServerError),
    ],
)
def test_each_problem_has_its_class(status: int, code: str, kind: type[ApiError]) -> None:
    error = failure_for(problem(status, code, ("/text/1", "is wrong"), Retry_After="7"))
    assert type(error) is kind
    assert (error.status, error.code, error.request_id) == (status, code, "logged")
    assert error.errors == (FieldError("/text/1", "is wrong"),)
    assert error.retry_after == 7.0
    assert str(error) == f"A detail. [{code}, /text/1; request logged]"


def test_a_proxys_error_page_is_judged_by_its_status() -> None:
    error = failure_for(httpx2.Response(502, text="<html>Bad gateway</html>"))
    assert (type(error), error.status, error.code) == (ServerError, 502, "server_error")
    assert len(error.request_id) == 32


@pytest.mark.parametrize(
    "reply",
    [
        httpx2.Response(200, text="<html>"),
        httpx2.Response(200, json=[]),
        httpx2.Response(200, text="[" * 100_000),
        httpx2.Response(200, json={"translations": []}),
        translated("One", "Two"),
        httpx2.Response(400, text="who are you?"),
        httpx2.Response(302, headers={"Location": "http://elsewhere"}),
    ],
)
def test_an_answer_that_is_not_dragomans_is_said_to_be_so(reply: httpx2.Response) -> None:
    error = failure_for(reply)
    assert (type(error), error.code) == (UnexpectedAnswer, "unexpected_answer")


MALFORMED = [
    {"code": "invalid_request", "errors": ["bad"]},
    {"code": "invalid_request", "errors": 5},
    {"code": "invalid_request", "errors": [{"pointer": "/text"}]},
    {"code": 5},
    {"code": None, "detail": "who knows?"},
    ["code"],
]


@pytest.mark.parametrize("body", MALFORMED)
async def test_a_problem_that_is_not_dragomans_is_said_to_be_so(body: object) -> None:
    assert type(failure_for(httpx2.Response(400, json=body))) is UnexpectedAnswer
    busy = failure_for(httpx2.Response(503, json=body, headers={"Retry-After": "7"}))
    assert (type(busy), busy.code, busy.retry_after) == (Refused, "refused", 7.0)
    replies = Replies(httpx2.Response(400, json=body))
    async with AsyncDragoman("http://service", transport=replies.transport) as client:
        with pytest.raises(UnexpectedAnswer):
            await client.translate("Hello", target="fr")


def garbled(status: int) -> httpx2.Response:
    """An answer that says that it is compressed, and is not; only who reads it finds out."""
    kind = {"Content-Encoding": "gzip", "Content-Type": "text/event-stream"}
    return httpx2.Response(status, headers=kind, stream=httpx2.ByteStream(b"not compressed"))


@pytest.mark.parametrize("status", [200, 400, 503])
async def test_a_body_that_cannot_be_decompressed_is_unexpected_and_closed(status: int) -> None:
    told = [garbled(status) for _ in range(4)]
    error = failure_for(told[0])
    assert isinstance(error.__cause__, httpx2.DecodingError)
    assert (type(error), error.retriable) == (UnexpectedAnswer, False)
    with connect(Replies(told[1])) as client, pytest.raises(UnexpectedAnswer):
        list(client.translate_stream("Hello", target="fr"))
    replies = Replies(*told[2:])
    async with AsyncDragoman("http://service", transport=replies.transport) as later:
        with pytest.raises(UnexpectedAnswer):
            await later.translate("Hello", target="fr")
        with pytest.raises(UnexpectedAnswer):
            async for _ in await later.translate_stream("Hello", target="fr"):
                pass
    assert [reply.is_closed for reply in told] == [True] * 4


@pytest.mark.parametrize("call", [Dragoman.models, lambda client: client.model("m")])
def test_models_that_are_not_dragomans_are_said_to_be_so(
    call: Callable[[Dragoman], object],
) -> None:
    replies = Replies(httpx2.Response(200, json={"a": 1}))
    with connect(replies) as client, pytest.raises(UnexpectedAnswer):
        call(client)


@pytest.mark.parametrize(
    ("cause", "kind"),
    [
        (httpx2.ConnectError("refused"), ConnectionFailed),
        (httpx2.ConnectTimeout(""), ConnectionFailed),
        (httpx2.RemoteProtocolError("hung up"), ConnectionFailed),
        (httpx2.ReadTimeout(""), TimedOut),
    ],
)
def test_a_failed_exchange_keeps_its_cause_and_the_request_id(
    cause: httpx2.TransportError, kind: type[DragomanError]
) -> None:
    error = failure_for(cause)
    assert type(error) is kind
    assert error.__cause__ is cause
    assert (error.status, len(error.request_id)) == (None, 32)


def test_a_refused_request_is_sent_again_after_the_time_asked_for(slept: list[float]) -> None:
    replies = Replies(
        problem(503, "overloaded", Retry_After="2"), httpx2.ConnectError(""), translated("Bonjour")
    )
    with connect(replies) as client:
        assert client.translate("Hello", target="fr") == BONJOUR
    assert slept == [2 + 0.5 * 0.75, 1.0 * 0.75]
    assert len({request.headers["X-Request-ID"] for request in replies.requests}) == 1


def test_two_retries_and_then_the_last_error(slept: list[float]) -> None:
    replies = Replies(*(problem(429, "quota") for _ in range(3)))
    with connect(replies) as client, pytest.raises(Refused):
        client.models()
    assert slept == [0.375, 0.75]


def test_a_service_that_asks_for_too_long_a_pause_is_not_waited_for(slept: list[float]) -> None:
    replies = Replies(problem(503, "loading", Retry_After="31"))
    with connect(replies) as client, pytest.raises(Refused) as caught:
        client.models()
    assert (slept, caught.value.retry_after) == ([], 31.0)


@pytest.mark.parametrize("reply", [problem(500, "engine_failure"), httpx2.ReadTimeout("")])
def test_what_may_have_been_work_is_not_sent_again(
    reply: httpx2.Response | httpx2.TransportError, slept: list[float]
) -> None:
    with connect(Replies(reply)) as client, pytest.raises(DragomanError):
        client.models()
    assert slept == []


async def test_the_async_client_does_the_same(slept: list[float]) -> None:
    replies = Replies(
        problem(503, "draining", Retry_After="1"),
        httpx2.ConnectError(""),
        translated("Bonjour"),
        translated("Un", "Deux"),
        httpx2.Response(200, json={"models": [MODEL]}),
        httpx2.Response(200, json=MODEL),
    )
    async with AsyncDragoman("http://service", transport=replies.transport) as client:
        assert await client.translate("Hello", target="fr", beam_size=2) == BONJOUR
        assert [str(t) for t in await client.translate(("One", "Two"), target="fr")] == [
            "Un",
            "Deux",
        ]
        assert await client.models() == [SERVED]
        assert await client.model("translate-en-fr") == SERVED
    assert slept == [1.375, 0.75]
    assert replies.bodies[0] == {"text": "Hello", "target": "fr", "options": {"beam_size": 2}}


async def test_the_async_client_gives_up_with_the_same_errors() -> None:
    replies = Replies(problem(404, "unknown_model"))
    async with AsyncDragoman("http://service", transport=replies.transport) as client:
        with pytest.raises(NotFound) as caught:
            await client.model("nothing")
    assert (caught.value.code, caught.value.request_id) == ("unknown_model", "logged")
