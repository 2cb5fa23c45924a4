from __future__ import annotations

import sys
from pathlib import Path

import pytest

from scripts.benchmark import environments
from scripts.benchmark.environments import ROOT, environment
from scripts.benchmark.systems import SYSTEMS


def test_every_peer_has_pinned_requirements() -> None:
    names = {system.environment for system in SYSTEMS if system.environment}
    assert {name for name in names if not (ROOT / "requirements" / f"{name}.txt").exists()} == set()


def test_the_benchmark_itself_is_the_environment_without_a_name() -> None:
    assert environment(None) == sys.executable


def test_an_environment_is_made_once_and_anew_when_its_requirements_change(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[str] = []

    def note(line: list[str], check: bool) -> None:
        calls.append(" ".join(line[1:3]))
        (tmp_path / ".venv-bench-x").mkdir(exist_ok=True)

    monkeypatch.setattr(environments.subprocess, "run", note)
    pins = tmp_path / "requirements" / "bench-x.txt"
    pins.parent.mkdir()
    pins.write_text("package==1.0\n")
    python = environment("bench-x", tmp_path)
    environment("bench-x", tmp_path)
    assert Path(python).is_relative_to(tmp_path / ".venv-bench-x")
    assert calls == ["-m venv", "-m pip"]
    pins.write_text("package==1.1\n")
    environment("bench-x", tmp_path)
    assert calls == ["-m venv", "-m pip"] * 2
