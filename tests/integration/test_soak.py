"""A short soak: whoever else leaves, sends garbage or has no time, every answer is right."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from scripts.soaking.service import ServiceProcess
from scripts.soaking.soak import Soak, settle

ROOT = Path(__file__).parents[2]
TEXTS = ["one two three", "ten", "five six seven eight", "two", "nine eight seven six five four"]


@pytest.fixture
def models(tmp_path: Path) -> Path:
    command = [sys.executable, "-m", "tests.e2e.toy_models", str(tmp_path)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True, timeout=120)
    return tmp_path


async def test_a_disturbed_service_loses_nothing(models: Path) -> None:
    with ServiceProcess(models=models, exact=True, max_rows=32) as service:
        service.wait_until_ready()
        soak = Soak(service.base, TEXTS)
        await soak.learn()
        await soak.run(clients=32, seconds=60, requests=800)
        assert await settle(service.base) == {}
        service.terminate()
        assert service.ended() == 0
        names = [f"soak-{number}" for number in range(800)]
        heard = service.heard_of([*names, "never sent"])
    tally = soak.tally
    # Some leave before their request is read; what was answered was heard of.
    answered = sum(tally.answered.values()) + tally.garbage + tally.late
    assert answered <= len(heard) <= len(names)
    assert "never sent" not in heard
    assert (tally.wrong, tally.broken) == ([], [])
    assert sum(tally.answered.values()) > 500
    assert min(tally.left, tally.garbage) > 10
