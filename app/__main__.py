"""`python -m app`: serve until SIGTERM, then finish what runs."""

from __future__ import annotations

import math
import signal
import socket
import sys
import time
from types import FrameType

import uvicorn
from pydantic import ValidationError

from app.api.service import Service
from app.main import create_app, create_service
from app.observability.logging import configure_logging
from app.settings import Settings

_EVERYWHERE = ("0.0.0.0", "::", "127.0.0.1", "::1")  # noqa: S104
_LAST_SECONDS = 2
"""Seconds that connections get to close once nothing runs any more."""


class Server(uvicorn.Server):
    """uvicorn that keeps its door open while it drains, so that new requests hear 503, not silence.

    The first SIGTERM or SIGINT drains; at the second what still runs is turned away, and SIGINT
    does not even wait until it was told.
    """

    def __init__(self, config: uvicorn.Config, service: Service, drain: float) -> None:
        """Serve `service`; its running requests get `drain` seconds to finish."""
        super().__init__(config)
        self._service, self._drain = service, drain
        self._drained_by = math.inf

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, and say which page to open."""
        await super().startup(sockets)
        if self.started:
            host, port = self.servers[0].sockets[0].getsockname()[:2]
            shown = "localhost" if host in _EVERYWHERE else f"[{host}]" if ":" in host else host
            print(f"Dragoman: open http://{shown}:{port}/", flush=True)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Drain on the first signal, end on the second."""
        second = self._service.gate.draining
        self._drained_by = time.monotonic() + (0.0 if second else self._drain)
        self.force_exit |= second and sig == signal.SIGINT
        self._service.gate.drain()

    async def on_tick(self, counter: int) -> bool:
        """End when draining is over, or when the models could not be loaded."""
        gate = self._service.gate
        if time.monotonic() >= self._drained_by:
            gate.expire()
        self.should_exit |= gate.expired or (gate.draining and gate.running == 0)
        self.should_exit |= self._service.failure is not None
        return await super().on_tick(counter)


def main() -> int:
    """Run the service; return the exit status: 0 after draining, 1 when it could not start."""
    try:
        settings = Settings()
    except ValidationError as error:
        for problem in error.errors(include_url=False):
            name = "_".join(str(part) for part in problem["loc"]).upper()
            print(f"dragoman: DRAGOMAN_{name}: {problem['msg']}", file=sys.stderr)
        return 1
    return serve(settings, create_service(settings))


def serve(settings: Settings, service: Service) -> int:
    """Run `service` until it has drained; return the exit status."""
    configure_logging(settings.log_level)
    config = uvicorn.Config(
        create_app(settings, service),
        host=settings.host,
        port=settings.port,
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=_LAST_SECONDS,
    )
    try:
        Server(config, service, settings.drain).run()
    except SystemExit:  # uvicorn's, which has logged why
        place = f"{settings.host}:{settings.port}"
        print(
            f"dragoman: cannot start: cannot listen on {place}; "
            "set DRAGOMAN_HOST and DRAGOMAN_PORT to a place that is free",
            file=sys.stderr,
        )
        return 1
    if service.failure is not None:
        print(f"dragoman: cannot start: {service.failure.message}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
