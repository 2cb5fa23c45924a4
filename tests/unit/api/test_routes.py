from __future__ import annotations

import gc
import json
import logging
import re
import time
from collections.abc import Callable, Sequence

import pytest
from starlette.testclient import TestClient

from app.api.service import Service
from app.engine.observer import Observer
from app.errors import ArtifactError
from app.main import create_app, engine_config
from app.observability.logging import JsonFormatter
from app.settings import Settings
from app.tasks.loaded import LoadedModel
from tests.fakes.engine import FakeEngine
from tests.fakes.models import FakeLoader, manifest, model, without_attention
from tests.unit.api.conftest import Serve


def test_models_tell_what_they_do_and_what_they_may_be_used_for(client: TestClient) -> None:
    expected = {
        "name": "toy-en-fr",
        "version": 1,
        "task": "translate",
        "summary": "Counts to ten in French; for tests.",
        "source_kind": "text",
        "target_kind": "text",
        "attends": True,
        "languages": [{"source": "en", "target": "fr"}],
        "state": "ready",
        "limits": {"max_source": 32, "max_target": 64, "min_source": 1},
        "generation": {
            "beam_size": 2,
            "length_penalty": 1.0,
            "no_repeat_ngram_size": 0,
            "max_ratio": 2.0,
            "max_extra": 16,
        },
        "metrics": [],
        "licences": [
            {"dataset": "none", "licence": "Apache-2.0", "commercial_use": True, "attribution": ""}
        ],
        "commercial_use": True,
        "parameters": 1,
    }
    assert client.get("/v1/models").json() == {"models": [expected]}
    assert client.get("/v1/models/toy-en-fr").json() == expected


def test_models_tell_whether_they_can_say_where_they_looked(serve: Serve) -> None:
    blind = without_attention(manifest().signatures)
    client = serve(
        model("blind", signatures=blind), model("labels", target_kind="label"), model("sees")
    )
    told = {one["name"]: one["attends"] for one in client.get("/v1/models").json()["models"]}
    assert told == {"blind": False, "labels": False, "sees": True}


def test_languages_tell_what_can_be_translated_into_what(serve: Serve) -> None:
    client = serve(
        model("b-en", pairs=[("en", "mr"), ("fr", "en")]),
        model("all", pairs=[("en", "mr"), ("fr", "en"), ("en", "fr")]),
        model("and-fr"),
        model("c-en-fr"),
        model("short-en", pairs=[("en", "en")], task="summarize"),
    )
    french = {"code": "fr", "name": "français", "models": ["and-fr", "c-en-fr", "all"]}
    marathi = {"code": "mr", "name": "मराठी", "models": ["b-en", "all"]}
    english = {"code": "en", "name": "English"}
    assert client.get("/v1/languages").json() == {
        "languages": [
            {**english, "targets": [french, marathi], "summarizers": ["short-en"]},
            {
                "code": "fr",
                "name": "français",
                "targets": [{**english, "models": ["b-en", "all"]}],
                "summarizers": [],
            },
        ]
    }


def test_an_unknown_model_is_404(client: TestClient) -> None:
    response = client.get("/v1/models/none")
    assert (response.status_code, response.json()["code"]) == (404, "unknown_model")


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [("GET", "/nowhere", 404, "not_found"), ("GET", "/v1/translate", 405, "method_not_allowed")],
)
def test_wrong_paths_are_problems_too(
    client: TestClient, method: str, path: str, status: int, code: str
) -> None:
    response = client.request(method, path)
    assert (response.status_code, response.json()["code"]) == (status, code)
    assert response.headers["content-type"] == "application/problem+json"


def test_health_is_ok_once_loaded(client: TestClient) -> None:
    assert client.get("/livez").json() == {"status": "ok"}
    assert client.get("/readyz").json() == {"status": "ok"}


def test_a_draining_service_turns_new_requests_away(client: TestClient) -> None:
    client.app_state["service"].gate.drain()
    answers = [
        client.get("/readyz"),
        client.post("/v1/translate", json={"text": "one", "target": "fr"}),
    ]
    assert [(a.status_code, a.json()["code"]) for a in answers] == [(503, "draining")] * 2
    assert [a.headers["retry-after"] for a in answers] == ["5", "5"]
    assert [a.headers["connection"] for a in answers] == ["close", "close"]
    assert client.get("/livez").status_code == 200


def test_a_failed_engine_is_not_ready(serve: Serve) -> None:
    engine = FakeEngine()
    client = serve(model(engine=engine))
    engine.alive = False
    response = client.get("/readyz")
    assert (response.status_code, response.json()["code"]) == (503, "engine_failure")


@pytest.mark.parametrize(("cpus", "asked", "used"), [(1, None, 1), (4, None, 3), (4, 6, 6)])
def test_one_cpu_is_left_for_http(
    monkeypatch: pytest.MonkeyPatch, cpus: int, asked: int | None, used: int
) -> None:
    monkeypatch.setattr("app.engine.cpus.available_cpus", lambda: cpus)
    assert engine_config(Settings(threads=asked)).intra_threads == used


def test_refused_models_are_told() -> None:
    service = Service(FakeLoader(error=ArtifactError("bad hash; copy it again")), 8)
    with TestClient(create_app(Settings(), service)) as client:
        while client.get("/readyz").json()["code"] == "loading":
            pass
        body = client.post("/v1/translate", json={"text": "one", "target": "fr"}).json()
    assert (body["status"], body["code"], body["detail"]) == (
        503,
        "bad_artifact",
        "bad hash; copy it again",
    )
    assert service.failure is not None


def test_an_unforeseen_failure_of_loading_is_told() -> None:
    service = Service(FakeLoader(error=ZeroDivisionError("why")), 8)
    with TestClient(create_app(Settings(), service)) as client:
        while client.get("/readyz").json()["code"] == "loading":
            pass
    assert service.failure is not None
    assert service.failure.message == "The models could not be loaded: ZeroDivisionError."


def test_the_end_of_the_lifespan_closes_the_engines() -> None:
    engine = FakeEngine()
    service = Service(FakeLoader(model(engine=engine)), 8)
    with TestClient(create_app(Settings(), service)) as client:
        client.get("/livez")
    assert engine.closed


async def test_what_is_loaded_too_late_is_closed_and_not_called_ready(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine, frozen = FakeEngine(), []
    monkeypatch.setattr(gc, "freeze", lambda: frozen.append("all"))

    def load(
        observe: Callable[[str], Observer], stopped: Callable[[], bool]
    ) -> Sequence[LoadedModel]:
        while not stopped():
            pass
        return [model(engine=engine)]

    with caplog.at_level("INFO", "dragoman"):
        async with Service(load, 8).running():
            pass
    assert engine.closed
    assert (caplog.messages, frozen) == ([], [])


@pytest.mark.parametrize(
    ("offered", "kept"),
    [("my-id_1.2:3", True), ("x" * 65, False), ("two words", False), ("", False)],
)
def test_a_sane_request_id_is_kept(client: TestClient, offered: str, kept: bool) -> None:
    given = client.get("/livez", headers={"x-request-id": offered}).headers["x-request-id"]
    assert (given == offered) is kept
    assert 0 < len(given) <= 64


def test_one_line_is_logged_for_each_request_and_never_the_text(
    client: TestClient, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(time, "monotonic", lambda: 5.0)
    headers = {"x-request-id": "me"}
    with caplog.at_level(logging.INFO, "dragoman.request"):
        caplog.clear()
        client.post("/v1/translate", json={"text": ["one", "ten"], "target": "fr"}, headers=headers)
        client.post("/v1/translate", json={"text": "\x00seven", "target": "fr"}, headers=headers)
    lines = [JsonFormatter().format(record) for record in caplog.records]
    logged = [json.loads(line) for line in lines]
    shared = {
        "level": "info",
        "logger": "dragoman.request",
        "message": "request",
        "method": "POST",
        "route": "/v1/translate",
        "seconds": 0.0,
        "request_id": "me",
    }
    assert [{k: v for k, v in line.items() if k != "time"} for line in logged] == [
        {**shared, "status": 200, "items": 2, "tokens": 6, "code": ""},
        {**shared, "status": 422, "items": 0, "tokens": 0, "code": "invalid_request"},
    ]
    assert not any("seven" in line or "ten" in line.split() for line in lines)


def test_a_bug_is_logged_without_its_message(
    serve: Serve, caplog: pytest.LogCaptureFixture
) -> None:
    client = serve(model(engine=FakeEngine(error=ZeroDivisionError("my secret sentence"))))
    with caplog.at_level(logging.INFO):
        client.post("/v1/translate", json={"text": "one", "target": "fr"})
    lines = [json.loads(JsonFormatter().format(record)) for record in caplog.records]
    (bug,) = [line for line in lines if line["message"] == "unforeseen error"]
    assert bug["exception"] == "ZeroDivisionError"
    assert any("tests/fakes/engine.py" in frame for frame in bug["frames"])
    assert "secret" not in json.dumps(lines)


def test_metrics_count_requests_items_and_tokens(client: TestClient) -> None:
    client.post("/v1/translate", json={"text": ["one", "two"], "target": "fr"})
    client.get("/some/path/that/a/client/made/up")
    lines = client.get("/metrics").text.splitlines()
    for line in (
        'dragoman_requests_total{code="",method="POST",route="/v1/translate",status="200"} 1.0',
        'dragoman_requests_total{code="not_found",method="GET",route="unmatched",status="404"} 1.0',
        'dragoman_items_total{model="toy-en-fr"} 2.0',
        'dragoman_tokens_total{model="toy-en-fr",side="source"} 4.0',
        'dragoman_tokens_total{model="toy-en-fr",side="target"} 2.0',
        'dragoman_rows_in_use{model="toy-en-fr"} 0.0',
        'dragoman_step_rows_count{model="toy-en-fr"} 1.0',
        "dragoman_requests_running 1.0",
        "dragoman_ready 1.0",
    ):
        assert line in lines


def test_the_page_comes_with_all_it_needs(client: TestClient) -> None:
    page = client.get("/")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    for name in ("style.css", "app.js", "photo.js", "icon.svg"):
        assert f'"{name}"' in page.text
        part = client.get(f"/{name}")
        assert part.status_code == 200
        assert "https://" not in part.text


def test_every_field_of_the_page_has_a_name(client: TestClient) -> None:
    """A label names the first thing in it, which is an `output` where that comes first."""
    page = client.get("/").text
    named = set(re.findall(r'<label for="([\w-]+)"', page))
    named |= set(re.findall(r'<label[^>]*>[^<]*<(?:input|select) id="([\w-]+)"', page))
    named |= set(re.findall(r'id="([\w-]+)"[^>]*aria-label=', page))
    fields = re.findall(r'<(?:input|select|textarea) id="([\w-]+)"', page)
    assert fields
    assert [field for field in fields if field not in named] == []


def test_docs_are_served(client: TestClient) -> None:
    assert client.get("/docs").status_code == 200
    assert client.get("/openapi.json").json()["info"]["title"] == "Dragoman"
