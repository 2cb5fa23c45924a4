"""A real server around a fake engine that answers once told to, by any line on standard input.

It prints `entered` when a request reached the engine, `cancelled` when its rows were freed early.
"""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import AsyncIterator, Mapping, Sequence

from app.__main__ import serve
from app.api.service import Service
from app.settings import Settings
from tests.fakes.engine import FakeEngine, FakeSubmission
from tests.fakes.models import FakeLoader, captioner, model


class TellingSubmission(FakeSubmission):
    """Says what happens to it."""

    async def updates(self) -> AsyncIterator[Mapping[int, Sequence[int]]]:
        try:
            async for news in super().updates():
                yield news
                print("streamed", flush=True)  # noqa: T201
        except asyncio.CancelledError:
            print("cancelled", flush=True)  # noqa: T201
            raise

    async def results(self) -> list[object]:  # type: ignore[override]
        print("entered", flush=True)  # noqa: T201
        loop = asyncio.get_running_loop()
        threading.Thread(target=self._release, args=(loop,), daemon=True).start()
        try:
            return list(await super().results())
        except asyncio.CancelledError:
            print("cancelled", flush=True)  # noqa: T201
            raise

    def _release(self, loop: asyncio.AbstractEventLoop) -> None:
        if sys.stdin.readline():
            loop.call_soon_threadsafe(self._engine.released.set)


class TellingEngine(FakeEngine):
    """Makes submissions that tell."""

    submission_type = TellingSubmission


if __name__ == "__main__":
    settings = Settings()
    translator = model(engine=TellingEngine(hold=True))
    summarizer = model("toy-en", TellingEngine(hold=True), [("en", "en")], task="summarize")
    service = Service(FakeLoader(translator, summarizer, captioner()), settings.max_items)
    sys.exit(serve(settings, service))
