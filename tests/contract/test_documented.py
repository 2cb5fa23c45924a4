"""Every setting, route, metric and error code is documented."""

from __future__ import annotations

from pathlib import Path

from app import errors
from app.main import create_app
from app.observability.metrics import Metrics
from app.settings import Settings

DOCS = Path(__file__).parents[2] / "docs"
API = (DOCS / "api.md").read_text(encoding="utf-8")
OPERATIONS = (DOCS / "operations.md").read_text(encoding="utf-8")


def test_every_setting_is_documented_with_its_default() -> None:
    rows = {
        line.split("|")[1].strip(): line
        for line in OPERATIONS.splitlines()
        if line.startswith("| `D")
    }
    assert sorted(rows) == sorted(f"`DRAGOMAN_{name.upper()}`" for name in Settings.model_fields)
    for name, field in Settings.model_fields.items():
        default = "(none)" if field.default is None else str(field.default).lower()
        assert f"| `{default}` |" in rows[f"`DRAGOMAN_{name.upper()}`"].lower()


def test_every_route_is_documented() -> None:
    paths = create_app(Settings()).openapi()["paths"]
    wanted = [f"{method.upper()} {path}" for path, item in paths.items() for method in item]
    assert [route for route in wanted if f"`{route}`" not in API] == []


def test_every_metric_is_documented() -> None:
    names = {
        name + ("_total" if family.type == "counter" else "")
        for family in Metrics().registry.collect()
        for name in [family.name]
    }
    assert [name for name in sorted(names) if f"`{name}`" not in OPERATIONS] == []


def test_every_error_code_is_documented() -> None:
    kinds: list[type[errors.DragomanError]] = [errors.DragomanError]
    for kind in kinds:
        kinds.extend(kind.__subclasses__())
    leaves = {kind.code for kind in kinds if not kind.__subclasses__()}
    served = leaves | {"invalid_request", "not_found", "method_not_allowed", "too_large"}
    wanted = served | {"unsupported_media_type", "internal_error"}
    assert [code for code in sorted(wanted) if f"`{code}`" not in API] == []
