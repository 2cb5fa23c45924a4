"""Prometheus metrics, in a registry of their own for each service."""

from __future__ import annotations

import functools
from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_1_0_0

from app.engine.request import FinishReason

CONTENT_TYPE = CONTENT_TYPE_PLAIN_1_0_0
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
_STEP_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0)
_ROWS = (1, 2, 4, 8, 16, 32, 64, 128, 256)


class Metrics:
    """Every metric of a service; labels come from routes and models, never from clients."""

    def __init__(self) -> None:
        """Register all metrics, at zero."""
        self.registry = registry = CollectorRegistry()
        self._requests = Counter(
            "dragoman_requests",
            "Requests answered.",
            ["method", "route", "status", "code"],
            registry=registry,
        )
        self._seconds = Histogram(
            "dragoman_request_seconds",
            "Seconds from a request's first byte to its answer's last.",
            ["route"],
            buckets=_SECONDS,
            registry=registry,
        )
        self._running = Gauge("dragoman_requests_running", "Requests in work.", registry=registry)
        self._items = Counter(
            "dragoman_items", "Items answered with success.", ["model"], registry=registry
        )
        self._tokens = Counter(
            "dragoman_tokens",
            "Tokens read (source) and written (target) by answered requests.",
            ["model", "side"],
            registry=registry,
        )
        self._ready = Gauge("dragoman_ready", "1 when requests are taken.", registry=registry)
        self._images = Gauge(
            "dragoman_images_waiting",
            "Images that are decoded to pixels, or wait for it.",
            registry=registry,
        )
        self._rows = Gauge(
            "dragoman_rows_in_use", "Rows that decode now.", ["model"], registry=registry
        )
        self._waiting = Gauge(
            "dragoman_rows_waiting", "Rows that wait for a place.", ["model"], registry=registry
        )
        self._wait = Histogram(
            "dragoman_wait_seconds",
            "Seconds that an item waited for its place.",
            ["model"],
            buckets=_SECONDS,
            registry=registry,
        )
        self._step = Histogram(
            "dragoman_step_seconds",
            "Seconds of one decode step of all rows.",
            ["model"],
            buckets=_STEP_SECONDS,
            registry=registry,
        )
        self._batch = Histogram(
            "dragoman_step_rows", "Rows in one call.", ["model"], buckets=_ROWS, registry=registry
        )
        self._encode = Histogram(
            "dragoman_encode_seconds",
            "Seconds of one call of the encoder.",
            ["model"],
            buckets=_STEP_SECONDS,
            registry=registry,
        )
        self._finished = Counter(
            "dragoman_items_finished",
            "Items that the engine decoded to their end.",
            ["model", "reason"],
            registry=registry,
        )

        # Looking labels up costs more than counting.
        self._of_requests = functools.cache(self._find_requests)
        self._of_answers = functools.cache(self._find_answers)

    def _find_requests(
        self, method: str, route: str, status: int, code: str
    ) -> tuple[Counter, Histogram]:
        count = self._requests.labels(method, route, str(status), code)
        return count, self._seconds.labels(route)

    def _find_answers(self, model: str) -> tuple[Counter, Counter, Counter]:
        read, written = (self._tokens.labels(model, side) for side in ("source", "target"))
        return self._items.labels(model), read, written

    def watch_running(self, count: Callable[[], float]) -> None:
        """Read the number of running requests from `count` whenever metrics are asked for."""
        self._running.set_function(count)

    def watch_ready(self, ready: Callable[[], float]) -> None:
        """Read readiness, 0 or 1, from `ready`."""
        self._ready.set_function(ready)

    def watch_images(self, waiting: Callable[[], float]) -> None:
        """Read the number of images before the engine whenever metrics are asked for."""
        self._images.set_function(waiting)

    def watch_rows(
        self, model: str, in_use: Callable[[], float], waiting: Callable[[], float]
    ) -> None:
        """Read a model's rows from its engine whenever metrics are asked for."""
        self._rows.labels(model).set_function(in_use)
        self._waiting.labels(model).set_function(waiting)

    def request(self, method: str, route: str, status: int, code: str, seconds: float) -> None:
        """Count one answered request; `code` is empty on success."""
        count, times = self._of_requests(method, route, status, code)
        count.inc()
        times.observe(seconds)

    def answered(self, model: str, items: int, source_tokens: int, target_tokens: int) -> None:
        """Count what one successful request held."""
        answered, read, written = self._of_answers(model)
        answered.inc(items)
        read.inc(source_tokens)
        written.inc(target_tokens)

    def observer(self, model: str) -> ModelObserver:
        """Return the observer of one model's engine."""
        return ModelObserver(
            self._step.labels(model),
            self._batch.labels(model),
            self._encode.labels(model),
            self._wait.labels(model),
            {
                "stop": self._finished.labels(model, "stop"),
                "length": self._finished.labels(model, "length"),
            },
        )

    def render(self) -> bytes:
        """Return everything in Prometheus' text format."""
        return generate_latest(self.registry)


class ModelObserver:
    """Count what one engine tells; satisfies `app.engine.observer.Observer`."""

    def __init__(
        self,
        step: Histogram,
        batch: Histogram,
        encode: Histogram,
        wait: Histogram,
        finished: dict[FinishReason, Counter],
    ) -> None:
        """Take the metrics of one model."""
        self._step, self._batch, self._encode, self._wait = step, batch, encode, wait
        self._finished = finished

    def step(self, rows: int, steps: int, seconds: float) -> None:
        """One graph call took `steps` decode steps of `rows` rows in `seconds`."""
        self._batch.observe(rows)
        self._step.observe(seconds / max(steps, 1))

    def encoded(self, items: int, seconds: float) -> None:
        """One call encoded `items` sources in `seconds`."""
        self._encode.observe(seconds)

    def admitted(self, rows: int, waited: float) -> None:
        """An item that takes `rows` rows got its place after `waited` seconds."""
        self._wait.observe(waited)

    def finished(self, reason: FinishReason, tokens: int) -> None:
        """An item ended; its best output has `tokens` tokens."""
        self._finished[reason].inc()
