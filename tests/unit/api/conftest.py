from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from starlette.testclient import TestClient

from app.main import create_app, create_service
from app.settings import Settings
from app.tasks.loaded import LoadedModel
from tests.fakes.models import FakeLoader, model

Serve = Callable[..., TestClient]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Start a service with the given models and settings, and wait until it is loaded."""
    with ExitStack() as stack:

        def start(*models: LoadedModel, **settings: Any) -> TestClient:
            made = Settings(**settings)
            service = create_service(made, FakeLoader(*(models or (model(),))))
            client = stack.enter_context(TestClient(create_app(made, service)))
            client.app_state["service"] = service
            while client.get("/readyz").json().get("code") == "loading":
                pass
            return client

        yield start


@pytest.fixture
def client(serve: Serve) -> TestClient:
    return serve()
