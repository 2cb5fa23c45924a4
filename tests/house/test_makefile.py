from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# Stands for python3 and notes what it is asked: `-m venv` puts a copy of it where the environment's
# Python would be.
PYTHON = """#!/bin/sh
echo "$*" >> "$LOG"
case "$*" in
    -V) echo "Python 3.12.1" ;;
    "-m venv --clear"*) mkdir -p "$4/bin" && cp "$0" "$4/bin/python" ;;
esac
"""
OLD_PYTHON = """#!/bin/sh
case "$*" in
    -V) echo "Python 3.9.18" ;;
    *version_info*) exit 1 ;;
esac
"""
BARE_PYTHON = """#!/bin/sh
case "$*" in
    -V) echo "Python 3.12.1" ;;
    *ensurepip*) exit 1 ;;
esac
"""


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """A folder with the Makefile and what it reads, and no environment."""
    shutil.copy(ROOT / "Makefile", tmp_path)
    (tmp_path / "requirements").mkdir()
    for name in ("cpu", "dev"):
        (tmp_path / "requirements" / f"{name}.txt").write_text("package==1.0\n")
    return tmp_path


def make(house: Path, target: str, python: str) -> subprocess.CompletedProcess[str]:
    """Run a target with a script in the place of python3."""
    script = house / "python3"
    script.write_text(python)
    script.chmod(0o755)
    variables = {k: v for k, v in os.environ.items() if not k.startswith(("MAKE", "MFLAGS"))}
    return subprocess.run(
        ["make", target, f"PYTHON={script}"],
        cwd=house,
        env={**variables, "LOG": str(house / "log")},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def calls(house: Path) -> list[str]:
    """What Python was asked since the last look, less the questions about itself."""
    log = house / "log"
    lines = log.read_text().splitlines() if log.exists() else []
    log.unlink(missing_ok=True)
    return [line for line in lines if not line.startswith(("-V", "-c"))]


INSTALL = [
    "-m venv --clear .venv",
    "-m pip install -qq --disable-pip-version-check --no-input --require-hashes"
    " -r requirements/cpu.txt",
]


def test_run_installs_once_and_starts_the_service(house: Path) -> None:
    first = make(house, "run", PYTHON)
    assert (first.returncode, calls(house)) == (0, [*INSTALL, "-m app"])
    assert make(house, "run", PYTHON).returncode == 0
    assert calls(house) == ["-m app"]


def test_changed_requirements_make_the_environment_anew(house: Path) -> None:
    make(house, "run", PYTHON)
    calls(house)
    (house / "requirements" / "cpu.txt").write_text("package==1.1\n")
    make(house, "run", PYTHON)
    assert calls(house) == [*INSTALL, "-m app"]


def test_touched_requirements_change_nothing(house: Path) -> None:
    make(house, "run", PYTHON)
    calls(house)
    os.utime(house / "requirements" / "cpu.txt", (4e9, 4e9))
    make(house, "run", PYTHON)
    assert calls(house) == ["-m app"]


def test_help_names_every_target(house: Path) -> None:
    lines = (ROOT / "Makefile").read_text(encoding="utf-8").splitlines()
    (targets,) = (line.split()[1:] for line in lines if line.startswith(".PHONY:"))
    told = {line.split()[1] for line in make(house, "help", PYTHON).stdout.splitlines()}
    assert "compare" in told
    assert told == set(targets) - {"python"}


def test_a_python_that_is_too_old_is_named(house: Path) -> None:
    done = make(house, "test", OLD_PYTHON)
    assert done.returncode != 0
    assert "Dragoman needs Python 3.11, 3.12 or 3.13" in done.stderr
    assert "is Python 3.9.18" in done.stderr
    assert not (house / ".venv-dev").exists()


def test_a_python_without_venv_is_told_what_to_install(house: Path) -> None:
    done = make(house, "run", BARE_PYTHON)
    assert done.returncode != 0
    assert "apt install python3-venv" in done.stderr


def test_a_missing_python_is_said_to_be_missing(house: Path) -> None:
    done = subprocess.run(
        ["make", "lint", "PYTHON=no-such-python"],
        cwd=house,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode != 0
    assert "there is no 'no-such-python' here" in done.stderr
