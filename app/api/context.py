"""What is known of one request while it runs; the middleware makes it, routes fill it in."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass
from typing import cast

from starlette.types import Scope

_KEY = "context"
_SANE_ID = re.compile(r"[A-Za-z0-9._:-]{1,64}")


@dataclass
class RequestContext:
    """The facts of one request that logs and metrics keep; none comes from the client's text.

    `started` and `deadline` are `time.monotonic()` seconds. `code` is an error's, "" on success.
    """

    request_id: str
    started: float
    deadline: float
    items: int = 0
    tokens: int = 0
    code: str = ""

    def shorten(self, milliseconds: int | None) -> None:
        """Let the client have an earlier deadline than the service's."""
        if milliseconds is not None:
            self.deadline = min(self.deadline, self.started + milliseconds / 1000)


def request_id(offered: str | None) -> str:
    """Return the client's own id if it is sane, else a new one."""
    if offered is not None and _SANE_ID.fullmatch(offered):
        return offered
    return f"{random.getrandbits(128):032x}"  # no secret: the system need not be asked for it


def attach(scope: Scope, context: RequestContext) -> None:
    """Keep `context` with the request of `scope`."""
    scope.setdefault("state", {})[_KEY] = context


def context_of(scope: Scope) -> RequestContext:
    """Return what the middleware attached to the request of `scope`."""
    return cast("RequestContext", scope["state"][_KEY])
