"""A model that fails: its requests get a 500 with an id, and the next ones go on."""

from __future__ import annotations

import threading

import pytest
from starlette.testclient import TestClient

from app.artifacts.manifest import TokenDecoding
from app.engine.config import EngineConfig
from app.engine.engine import Engine
from app.engine.observer import NullObserver
from tests.fakes.engine import FakeEngine
from tests.fakes.models import model
from tests.fakes.spelling_backend import BOS, EOS, PAD, UNK, FakeBackend, spell
from tests.unit.api.conftest import Serve

ONE, TWO = 4, 5  # the ids of `one` and `two`


class Fault:
    """Breaks the model's steps while it is `on`."""

    def __init__(self) -> None:
        self.on = threading.Event()

    def __call__(self, name: str) -> None:
        if self.on.is_set() and name.startswith("advance"):
            raise RuntimeError("injected")


@pytest.fixture
def fault() -> Fault:
    return Fault()


@pytest.fixture
def client(serve: Serve, fault: Fault) -> TestClient:
    backend = FakeBackend(spell({ONE: (TWO, TWO)}), before=fault)
    decoding = TokenDecoding(bos=BOS, eos=EOS, never=(PAD, BOS, UNK))
    engine = Engine(backend, decoding, EngineConfig(), NullObserver())
    engine.start()
    loaded = model()
    return serve(type(loaded)(**{**vars(loaded), "engine": engine, "max_rows": 32}))


def ask(client: TestClient) -> tuple[int, str]:
    response = client.post("/v1/translate", json={"text": "one", "target": "fr"})
    body = response.json()
    if response.status_code == 200:
        return 200, body["translations"][0]["text"]
    assert body["request_id"] == response.headers["x-request-id"]
    return response.status_code, body["code"]


def test_a_broken_step_costs_its_requests_and_no_others(client: TestClient, fault: Fault) -> None:
    assert ask(client) == (200, "two two")
    fault.on.set()
    assert ask(client) == (500, "engine_failure")
    fault.on.clear()
    assert ask(client) == (200, "two two")
    assert client.get("/livez").status_code == 200


def test_three_broken_steps_in_a_row_ask_for_a_restart(client: TestClient, fault: Fault) -> None:
    fault.on.set()
    for _ in range(3):
        assert client.get("/livez").status_code == 200
        assert ask(client) == (500, "engine_failure")
    response = client.get("/livez")
    assert (response.status_code, response.json()["code"]) == (503, "engine_failure")


def test_a_stream_of_a_broken_step_ends_with_the_error(client: TestClient, fault: Fault) -> None:
    fault.on.set()
    response = client.post("/v1/translate/stream", json={"text": "one", "target": "fr"})
    assert response.status_code == 200
    assert '"type":"error"' in response.text
    assert "engine_failure" in response.text


def test_a_dead_engine_is_told_at_livez(serve: Serve) -> None:
    client = serve(model(engine=FakeEngine(alive=False)))
    assert client.get("/livez").status_code == 503
