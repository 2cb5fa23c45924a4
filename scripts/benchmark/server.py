"""The service as a user starts it: `python -m app` in a process of its own, on a free port."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager


def free_port() -> int:
    """Return a port of 127.0.0.1 that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def wait_until_ready(url: str, process: subprocess.Popen[bytes], seconds: float = 120.0) -> float:
    """Ask `url` until it answers 200; return how long that took, in seconds.

    Raises:
        RuntimeError: the process ended, or `seconds` went by.
    """
    started = time.monotonic()
    while time.monotonic() - started < seconds:
        if process.poll() is not None:
            raise RuntimeError(f"the service ended early, with {process.returncode}")
        try:
            with urllib.request.urlopen(url, timeout=2):  # noqa: S310 - our own server
                return time.monotonic() - started
        except (urllib.error.URLError, OSError):
            time.sleep(0.05)
    raise RuntimeError(f"the service was not ready within {seconds:g} s")


@contextmanager
def running_service(**settings: str) -> Iterator[tuple[str, float]]:
    """Run the service with `DRAGOMAN_*` settings; yield its address and its start-up seconds."""
    port = free_port()
    environment = {**os.environ, "DRAGOMAN_PORT": str(port), "DRAGOMAN_HOST": "127.0.0.1"}
    environment |= {f"DRAGOMAN_{key.upper()}": value for key, value in settings.items()}
    base = f"http://127.0.0.1:{port}"
    process = subprocess.Popen(
        [sys.executable, "-m", "app"],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield base, wait_until_ready(f"{base}/readyz", process)
    finally:
        process.terminate()
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
