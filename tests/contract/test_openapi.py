"""The OpenAPI snapshot is current; `python -m tests.contract.test_openapi` writes it anew."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from app.main import create_app
from app.settings import Settings

SNAPSHOT = Path(__file__).parents[2] / "docs" / "openapi.json"


def document() -> dict[str, Any]:
    return create_app(Settings()).openapi()


def operations() -> dict[str, dict[str, Any]]:
    return {
        operation["operationId"]: operation
        for path in document()["paths"].values()
        for operation in path.values()
    }


def test_the_committed_snapshot_is_current() -> None:
    assert json.loads(SNAPSHOT.read_text(encoding="utf-8")) == document()


def test_operation_ids_never_change() -> None:
    assert sorted(operations()) == [
        "caption",
        "caption_stream",
        "generate",
        "generate_stream",
        "get_model",
        "list_languages",
        "list_models",
        "livez",
        "metrics",
        "readyz",
        "summarize",
        "summarize_stream",
        "translate",
        "translate_stream",
    ]


def test_every_error_is_described_as_a_problem() -> None:
    described = {
        (name, status): list(response["content"])
        for name, operation in operations().items()
        for status, response in operation["responses"].items()
        if status != "200"
    }
    assert set(map(tuple, described.values())) == {("application/problem+json",)}
    tasks = ("translate", "summarize", "caption", "generate")
    for route in (name for task in tasks for name in (task, f"{task}_stream")):
        statuses = [status for name, status in described if name == route]
        assert sorted(statuses) == ["404", "413", "415", "422", "500", "503", "504"]


def test_every_reference_has_its_schema() -> None:
    whole = document()
    names = set(whole["components"]["schemas"])
    used = {part.split('"')[0] for part in json.dumps(whole).split('"#/components/schemas/')[1:]}
    assert used <= names
    assert names - used == set()


if __name__ == "__main__":
    text = json.dumps(document(), indent=2, ensure_ascii=False)
    SNAPSHOT.write_text(text + "\n", encoding="utf-8")
