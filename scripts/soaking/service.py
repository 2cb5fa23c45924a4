"""The service under test, in a process of its own on a free port of 127.0.0.1."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Collection
from pathlib import Path
from types import TracebackType
from typing import Self

PATIENCE = 300.0  # seconds for a start or an end
FIXED = {
    "DRAGOMAN_HOST": "127.0.0.1",
    "DRAGOMAN_PORT": "0",
    "DRAGOMAN_LOG_LEVEL": "info",  # a line for every request
}


class ServiceProcess:
    """`python -m app`; a context manager that ends it in any case."""

    def __init__(self, **settings: object) -> None:
        """Start it with `DRAGOMAN_*` settings; wait until it listens.

        Raises:
            RuntimeError: it ended before.
        """
        self._log = tempfile.TemporaryFile("w+", encoding="utf-8")  # noqa: SIM115 - closed at exit
        variables = {f"DRAGOMAN_{name.upper()}": str(value) for name, value in settings.items()}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "app"],
            env={**os.environ, **FIXED, **variables},
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
        )
        assert self.process.stdout is not None, "asked for above: this is a bug"
        found = re.search(r":(\d+)/", self.process.stdout.readline())
        if found is None:
            self.process.kill()
            raise RuntimeError("the service ended before it listened")
        self.base = f"http://127.0.0.1:{found[1]}"

    def wait_until_ready(self) -> None:
        """Wait until `/readyz` says so.

        Raises:
            RuntimeError: the service ended, or took too long.
        """
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end and self.process.poll() is None:
            try:
                with urllib.request.urlopen(f"{self.base}/readyz", timeout=5):  # noqa: S310 - ours
                    return
            except (urllib.error.URLError, OSError):
                time.sleep(0.1)
        raise RuntimeError("the service was never ready")

    def resident(self) -> int:
        """Return the bytes of memory that it occupies."""
        statm = Path(f"/proc/{self.process.pid}/statm").read_text(encoding="ascii")
        return int(statm.split()[1]) * os.sysconf("SC_PAGE_SIZE")

    def terminate(self) -> None:
        """Ask it to drain and end."""
        self.process.send_signal(signal.SIGTERM)

    def ended(self) -> int:
        """Wait for its end; return the exit status."""
        return self.process.wait(PATIENCE)

    def heard_of(self, names: Collection[str]) -> set[str]:
        """Return those of `names`, ids of requests, that its log tells of. Ask once it ended.

        A request that it began to serve has a line there, whatever became of it.
        """
        self._log.seek(0)
        lines = (json.loads(line) for line in self._log if line.startswith("{"))
        return {line["request_id"] for line in lines if line.get("request_id") in names}

    def __enter__(self) -> Self:
        """Use it in a `with` statement."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End it."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()
        self._log.close()
