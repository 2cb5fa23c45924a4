"""Static request batching in Ray Serve, as its guide to dynamic request batching teaches.

`@serve.batch` collects what single calls send; the blocking work runs in a thread, as the guide to
asyncio in Serve says, so that the next batch collects meanwhile. Replicas are processes.
"""

from __future__ import annotations

import asyncio
import signal
import tempfile
import threading
from pathlib import Path
from typing import Any

import ray
from ray import serve
from starlette.requests import Request

from scripts.benchmark.peers.wire import (
    MOST_ROWS,
    PATH,
    answer,
    arguments,
    set_tensorflow_threads,
)

WAIT_SECONDS = 0.01
MOST_ONGOING = 512
STARTS = 3
OBJECT_STORE = 100 * 1024**2  # bytes; requests do not pass through it


class Translate:
    """Greedy translation of whole batches."""

    def __init__(self, artifact: str, threads: int) -> None:
        """Load the model, in the replica's process."""
        set_tensorflow_threads(threads)
        from scripts.benchmark.peers.static_batch import StaticTranslator

        self.translator = StaticTranslator(Path(artifact))
        self.translator.translate(["Hello!"])

    @serve.batch(max_batch_size=MOST_ROWS, batch_wait_timeout_s=WAIT_SECONDS)
    async def translate(self, texts: list[str]) -> list[tuple[str, int]]:
        """Translate a batch."""
        return await asyncio.to_thread(self.translator.translate, texts)

    async def __call__(self, request: Request) -> dict[str, Any]:
        """Answer one request; a GET asks whether a replica is ready: the proxy is before it is."""
        if request.method == "GET":
            return {"ready": True}
        body = await request.json()
        found: Any = await self.translate(body["text"])
        return answer(*found)


def start(folder: str, cpus: int) -> None:
    """Start Ray, again if a machine under load did not do so within Ray's fixed 30 s.

    Raises:
        Exception: Ray's, after the last try.
    """
    for left in reversed(range(STARTS)):
        try:
            ray.init(
                num_cpus=cpus,
                include_dashboard=False,
                log_to_driver=False,
                logging_level="ERROR",
                object_store_memory=OBJECT_STORE,
                _node_ip_address="127.0.0.1",
                _temp_dir=folder,
            )
            return
        except Exception:  # Ray raises a bare one
            ray.shutdown()
            if not left:
                raise


def main() -> None:
    """Run the command line."""
    options = arguments()
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    with tempfile.TemporaryDirectory(prefix="ray", ignore_cleanup_errors=True) as folder:
        start(folder, max(2, options.workers))
        serve.start(http_options={"host": "127.0.0.1", "port": options.port})
        deployment = serve.deployment(
            num_replicas=options.workers,
            max_ongoing_requests=MOST_ONGOING,
            ray_actor_options={"num_cpus": 1},
        )
        application = deployment(Translate).bind(str(options.artifact), options.threads)
        serve.run(application, route_prefix=PATH)
        stop.wait()
        serve.shutdown()
        ray.shutdown()


if __name__ == "__main__":
    main()
