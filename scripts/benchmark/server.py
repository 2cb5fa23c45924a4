"""A system as its user starts it: in a process of its own, on a free port of 127.0.0.1."""

from __future__ import annotations

import os
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import psutil

from scripts.benchmark.environments import ROOT, environment
from scripts.benchmark.systems import DRAGOMAN, System, Threads

START_SECONDS = 300.0
STOP_SECONDS = 30.0


@dataclass(frozen=True)
class Running:
    """A system that serves: its address, seconds until ready, resident bytes at that time."""

    url: str
    ready_s: float
    resident: int


@dataclass(frozen=True)
class Subject:
    """What is served: a folder of models, the artifact in it, and expected output lengths."""

    artifact: Path
    lengths: Path

    @property
    def models(self) -> Path:
        """The folder `models/` of `models/NAME/VERSION`."""
        return self.artifact.resolve().parents[1]


def free_port() -> int:
    """Return a port of 127.0.0.1 that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def wait_until_ready(
    url: str, process: subprocess.Popen[bytes], log: IO[bytes], seconds: float = START_SECONDS
) -> float:
    """Ask `url` until it answers 200; return how long that took, in seconds.

    Raises:
        RuntimeError: the process ended, or `seconds` went by.
    """
    started = time.monotonic()
    while time.monotonic() - started < seconds:
        if process.poll() is not None:
            raise RuntimeError(f"the system ended early, with {process.returncode}: {_tail(log)}")
        try:
            with urllib.request.urlopen(url, timeout=2):  # noqa: S310 - our own server
                return time.monotonic() - started
        except (urllib.error.URLError, OSError):
            time.sleep(0.05)
    raise RuntimeError(f"the system was not ready within {seconds:g} s: {_tail(log)}")


def command(
    system: System, threads: Threads, subject: Subject, port: int
) -> tuple[list[str], dict[str, str]]:
    """Return the command line and the environment that start `system`."""
    python = environment(system.environment)
    line = [python, "-m", system.module]
    if system.name == DRAGOMAN:
        settings = {
            "DRAGOMAN_HOST": "127.0.0.1",
            "DRAGOMAN_PORT": str(port),
            "DRAGOMAN_MODELS": str(subject.models),
            "DRAGOMAN_MAX_ROWS": os.environ.get("DRAGOMAN_MAX_ROWS", "256"),
            "DRAGOMAN_LOG_LEVEL": "warning",
        }
        if threads.threads:
            settings["DRAGOMAN_THREADS"] = str(threads.threads)
        return line, settings
    line += ["--port", str(port), "--artifact", str(subject.artifact)]
    line += ["--workers", str(threads.workers), "--threads", str(threads.threads)]
    line += ["--lengths", str(subject.lengths), *system.options]
    return line, {}


@contextmanager
def running(system: System, threads: Threads, subject: Subject) -> Iterator[Running]:
    """Run `system`; everything that it started is gone afterwards.

    Raises:
        RuntimeError: it does not start.
    """
    port = free_port()
    line, settings = command(system, threads, subject, port)
    url = f"http://127.0.0.1:{port}"
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(  # noqa: S603 - our own modules
            line,
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT), **settings},
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        try:
            seconds = wait_until_ready(f"{url}{system.ready}", process, log)
            yield Running(url, seconds, resident_bytes(process.pid))
        finally:
            _stop(process)


def resident_bytes(pid: int) -> int:
    """Return the resident memory of a process and of all that it started."""
    return sum(_resident(process) for process in _family(pid))


def _resident(process: psutil.Process) -> int:
    try:
        return int(process.memory_info().rss)
    except psutil.Error:
        return 0


def _family(pid: int) -> Sequence[psutil.Process]:
    try:
        parent = psutil.Process(pid)
        return [parent, *parent.children(recursive=True)]
    except psutil.Error:
        return []


def _stop(process: subprocess.Popen[bytes]) -> None:
    family = _family(process.pid)
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    for left in psutil.wait_procs(family, timeout=2)[1]:
        try:
            left.kill()
        except psutil.Error:
            continue


def _tail(log: IO[bytes]) -> str:
    log.seek(0)
    return log.read()[-3000:].decode("utf-8", "replace")


def import_seconds(environ: Mapping[str, str] | None = None) -> float:
    """Return how long a new Python takes to import TensorFlow."""
    started = time.monotonic()
    line = [environment(None), "-c", "import tensorflow"]
    subprocess.run(line, check=True, capture_output=True, env=environ)  # noqa: S603
    return time.monotonic() - started
