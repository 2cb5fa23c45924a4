"""A server in a process of its own, on a free port of 127.0.0.1."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Any, Self

ROOT = Path(__file__).parents[2]
PATIENCE = 120
"""Seconds after which a test gives up; nothing waits for them otherwise."""


class Served:
    """`python -m MODULE`, killed at the end if it has not ended."""

    def __init__(self, module: str, log: Path, **settings: object) -> None:
        variables = {f"DRAGOMAN_{name.upper()}": str(value) for name, value in settings.items()}
        plain = {k: v for k, v in os.environ.items() if not k.startswith("DRAGOMAN_")}
        self.log = log
        with log.open("w", encoding="utf-8") as errors:
            self.process = subprocess.Popen(
                [sys.executable, "-m", module],
                cwd=ROOT,
                env={**plain, "DRAGOMAN_PORT": "0", **variables},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            )
        self.line = self.said()
        found = re.search(r":(\d+)/", self.line)
        self.port = int(found.group(1)) if found else 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()

    def said(self) -> str:
        """The next line of standard output; "" at its end."""
        assert self.process.stdout is not None
        return self.process.stdout.readline().rstrip("\n")

    def release(self) -> None:
        """Let the held engine answer."""
        assert self.process.stdin is not None
        self.process.stdin.write("go\n")
        self.process.stdin.flush()

    def terminate(self) -> None:
        self.process.send_signal(signal.SIGTERM)

    def ended(self) -> int:
        """Wait for the end; the exit status."""
        return self.process.wait(PATIENCE)

    def connection(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)

    def ask(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """The status and the JSON of the answer."""
        connection = self.connection()
        headers = {} if body is None else {"Content-Type": "application/json"}
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        connection.request(method, path, data, headers)
        response = connection.getresponse()
        answer = json.loads(response.read())
        connection.close()
        return response.status, answer

    def until(self, path: str, code: str | None) -> int:
        """Ask `path` until its problem's code is `code` (None: no problem); the status."""
        while True:
            status, answer = self.ask("GET", path)
            if answer.get("code") == code:
                return status
            assert self.process.poll() is None, self.log.read_text(encoding="utf-8")
