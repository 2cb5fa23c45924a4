"""The image's own files and commands suffice: what the Dockerfile copies, run as it runs it."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.e2e.process import PATIENCE, ROOT

DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
HEALTHY, STARTING = 0, 1


def command(instruction: str) -> list[str]:
    """The words of an instruction in its exec form, run by this Python."""
    match = re.search(rf"^{instruction} (\[.*\])$", DOCKERFILE, re.MULTILINE)
    assert match is not None
    words: list[str] = json.loads(match[1])
    assert words[0] == "python"
    return [sys.executable, *words[1:]]


@pytest.fixture
def image(tmp_path: Path) -> Path:
    """A folder of what the image holds, with a small model in place of the shipped ones."""
    for source, target in re.findall(r"^COPY (?!--from)(\S+) (\./\S*)$", DOCKERFILE, re.MULTILINE):
        origin, place = ROOT / source, tmp_path / target
        if source == "models":
            words = [sys.executable, "-m", "tests.e2e.toy_models", str(place)]
            subprocess.run(words, cwd=ROOT, check=True, capture_output=True, timeout=PATIENCE)
        elif origin.is_dir():
            shutil.copytree(origin, place, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(origin, place)
    return tmp_path


def test_the_image_serves_and_reports_its_health(image: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    settings = {"DRAGOMAN_HOST": "127.0.0.1", "DRAGOMAN_PORT": port, "PYTHONDONTWRITEBYTECODE": "1"}
    plain = {k: v for k, v in os.environ.items() if not k.startswith(("DRAGOMAN_", "PYTHONPATH"))}
    environment = {**plain, **settings}
    before = {path.relative_to(image) for path in image.rglob("*")}
    with subprocess.Popen(
        command("CMD"), cwd=image, env=environment, stdout=subprocess.DEVNULL
    ) as service:
        try:
            end = time.monotonic() + PATIENCE
            check = command("HEALTHCHECK[^\n]*\n +CMD")
            while (
                status := subprocess.run(
                    check, cwd=image, env=environment, stderr=subprocess.DEVNULL
                ).returncode
            ) != HEALTHY:
                assert status == STARTING
                assert service.poll() is None
                assert time.monotonic() < end, "never healthy"
        finally:
            service.terminate()
    assert service.returncode == 0
    assert {path.relative_to(image) for path in image.rglob("*")} == before, "it must run read-only"
