from __future__ import annotations

import re
from pathlib import Path

from ruamel.yaml import YAML

from app.settings import Settings

ROOT = Path(__file__).parents[2]
DOCKERFILE = (ROOT / "Dockerfile").read_text()
COMPOSE = YAML(typ="safe").load(ROOT / "docker-compose.yml")


def test_the_image_copies_only_what_the_ignore_file_lets_through() -> None:
    allowed = set(re.findall(r"^!(\S+)$", (ROOT / ".dockerignore").read_text(), re.MULTILINE))
    copied = re.findall(r"^COPY (?!--from)(\S+)", DOCKERFILE, re.MULTILINE)
    assert {source.split("/")[0] for source in copied} == allowed


def test_the_image_sets_only_settings_that_exist() -> None:
    named = {*re.findall(r"DRAGOMAN_(\w+)", DOCKERFILE)}
    assert named - {name.upper() for name in Settings.model_fields} == set()


def test_compose_passes_on_every_setting_but_those_of_the_image() -> None:
    names = {name for name in Settings.model_fields if name not in ("host", "port", "models")}
    passed_on = {f"DRAGOMAN_{name.upper()}": None for name in names}
    services = COMPOSE["services"]
    assert services["dragoman"]["environment"] == passed_on
    device = {"DRAGOMAN_DEVICE": "${DRAGOMAN_DEVICE:-gpu:0}"}
    assert services["gpu"]["environment"] == passed_on | device


def test_compose_builds_targets_that_exist_and_serves_port_8000() -> None:
    targets = set(re.findall(r"^FROM \S+ AS (\S+)$", DOCKERFILE, re.MULTILINE))
    services = COMPOSE["services"]
    assert {service["build"]["target"] for service in services.values()} == {"cpu", "gpu"}
    assert {"cpu", "gpu"} < targets
    assert services["dragoman"]["ports"] == ["${DRAGOMAN_PORT:-8000}:8000"]
    assert "profiles" not in services["dragoman"]
    assert services["gpu"]["profiles"] == ["gpu"]


def test_stopping_waits_longer_than_draining() -> None:
    seconds = Settings.model_fields["drain"].default
    for service in COMPOSE["services"].values():
        assert int(service["stop_grace_period"].removesuffix("s")) > seconds


def test_the_service_runs_as_nobody_in_particular_and_reports_its_health() -> None:
    stage = DOCKERFILE.split(" AS service\n")[1].split("\nFROM ")[0]
    assert re.search(r"^USER (\d+)$", stage, re.MULTILINE)
    assert re.search(r"^HEALTHCHECK .*\n.*/readyz", stage, re.MULTILINE)
