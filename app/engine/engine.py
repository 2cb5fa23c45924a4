"""One model at work: a thread that owns the backend, and the event loop's way to it.

The event loop calls `submit` and awaits the `Submission`; the thread runs turns: drop who left,
give free rows to who waits, encode some of them, let them join, take a step (or several), hand out
what is done. While there is nothing to do the thread sleeps on a condition.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any, Literal

from app.artifacts.manifest import Manifest, TokenDecoding, ValueDecoding
from app.artifacts.store import Artifact
from app.engine.admission import Admission
from app.engine.backend import MOST_CANDIDATES, Backend, ValueBackend
from app.engine.batch import Batch
from app.engine.config import EngineConfig
from app.engine.item import Item
from app.engine.observer import Observer
from app.engine.outbox import Outbox
from app.engine.request import SequenceRequest
from app.engine.scheduler import Scheduler
from app.engine.submission import Submission
from app.engine.tokens import TokenBatch
from app.engine.values import ValueBatch
from app.errors import ArtifactError, DeadlineExceeded, Draining, EngineFailure

log = logging.getLogger(__name__)
WIDEST_BEAM = 16
COPIED = "memory_ids"  # the memory of a pointer: the ids that it may copy
MOST_FAILURES = 3  # in a row; beyond that only a new process can help
State = Literal["ready", "draining", "failed"]


class Engine:
    """One model, one running batch, one thread.

    >>> engine = Engine.load(artifact, EngineConfig(), NullObserver())  # doctest: +SKIP
    >>> engine.start()                                                  # doctest: +SKIP
    >>> results = await engine.submit([request], deadline=None).results()  # doctest: +SKIP
    """

    def __init__(
        self,
        backend: Backend[Any] | ValueBackend[Any],
        decoding: TokenDecoding | ValueDecoding,
        config: EngineConfig,
        observer: Observer,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Make an engine around `backend`, which must be of the kind that `decoding` is.

        `load` makes one from an artifact.
        """
        self._observer = observer
        self._clock = clock
        self._admission = Admission(config.max_rows, config.max_waiting)
        self._scheduler: Scheduler[Item] = Scheduler(config.max_rows, config.encode_tokens)
        self._batch = _batch(backend, decoding, config, observer, clock)
        self._outbox = Outbox()  # belongs to the thread
        self._changed = threading.Condition()  # guards what follows
        self._inbox: list[list[Item]] = []
        self._state: State = "ready"
        self._closing = False
        self._busy = False
        self._thread = threading.Thread(target=self._run, name="engine", daemon=True)

    @classmethod
    def load(cls, artifact: Artifact, config: EngineConfig, observer: Observer) -> Engine:
        """Load `artifact` into a new engine; takes seconds and blocks.

        Raises:
            ArtifactError: the model cannot be loaded, or bans too many ids.
        """
        # TensorFlow is loaded here and not before.
        from app.engine.session import Session, ValueSession

        decoding = artifact.manifest.decoding
        if isinstance(decoding, TokenDecoding):
            _check_bans(artifact.name, decoding)
        threads = (config.intra_threads, config.inter_threads)
        kind = Session if isinstance(decoding, TokenDecoding) else ValueSession
        session = kind(
            artifact,
            device=config.device,
            threads=threads,
            exact=config.exact,
            int8=config.int8 and bears_int8(artifact.manifest),
        )
        session.warm_up()
        return cls(session, decoding, config, observer)

    @property
    def state(self) -> State:
        """`ready`, `draining` (after `drain` or `close`) or `failed` (its thread has died)."""
        return self._state

    @property
    def alive(self) -> bool:
        """False once the thread has died, or three calls of the model in a row have failed."""
        return self._state != "failed" and self._batch.failures < MOST_FAILURES

    @property
    def rows_in_use(self) -> int:
        """Rows that are decoding or about to be."""
        return self._scheduler.rows_in_use

    @property
    def waiting(self) -> int:
        """Rows that wait for a place."""
        return max(0, self._admission.reserved - self._scheduler.rows_in_use)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def submit(
        self,
        items: Sequence[SequenceRequest],
        *,
        deadline: float | None = None,
        streams: bool = False,
        bulk: bool = False,
    ) -> Submission:
        """Take `items` as one request, all or nothing; call it on the event loop.

        Args:
            items: what to decode; they share the batch with everyone else's.
            deadline: `time.monotonic()` value by which all must be done.
            streams: whether the submission tells `updates`.
            bulk: whether it lets others, who wait for their answers, go first.

        Raises:
            InvalidRequest: it could never fit, or it is empty.
            Overloaded: no places are free; carries `retry_after`.
            Draining: the engine is closing.
            EngineFailure: the engine has died.
        """
        submission = Submission(len(items), deadline, self._outbox, streams=streams)
        now = self._clock()
        made = [
            self._batch.item(request, submission, index, now, bulk=bulk)
            for index, request in enumerate(items)
        ]
        with self._changed:
            if self._state == "draining":
                raise Draining("the service is shutting down; try another instance")
            if self._state == "failed":
                raise EngineFailure("the engine has stopped after an internal error")
            self._admission.reserve([item.width for item in made])
            self._inbox.append(made)
            self._changed.notify_all()
        return submission

    def drain(self) -> None:
        """Refuse new requests from now on; let the present ones finish."""
        with self._changed:
            if self._state == "ready":
                self._state = "draining"

    def wait_idle(self, timeout: float) -> bool:
        """Block until nothing is left to do, at most `timeout` seconds; return whether it is so."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._busy and not self._inbox, timeout)

    def close(self) -> None:
        """Fail what is left with `Draining` and join the thread."""
        self.drain()
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        if self._thread.ident is None:
            self._fail_all(Draining("the service is shutting down"))
        elif self._thread is not threading.current_thread():
            self._thread.join()

    def _run(self) -> None:
        try:
            while self._collect():
                self._turn()
            self._fail_all(Draining("the service is shutting down"))
        except BaseException as error:
            with self._changed:
                self._state = "failed"
            self._fail_all(EngineFailure(f"the engine has stopped: {type(error).__name__}"))
            raise

    def _collect(self) -> bool:
        """Take in what came, sleeping while there is nothing to do; False when closing."""
        with self._changed:
            if self._scheduler.idle and not self._inbox:
                self._busy = False
                self._changed.notify_all()
            self._changed.wait_for(lambda: self._closing or self._inbox or not self._scheduler.idle)
            self._busy = True
            arrived, self._inbox = self._inbox, []
        for items in arrived:
            self._scheduler.add(items, bulk=items[0].bulk)
        return not self._closing

    def _turn(self) -> None:
        self._drop(self._clock())
        now = self._clock()
        for item in self._scheduler.admit():
            self._observer.admitted(item.width, now - item.arrived)
        self._leave(self._batch.join(self._scheduler.next_group()))
        self._leave(self._batch.advance())
        for item in self._scheduler.running:
            if item.owner.streams:
                item.tell()
        self._outbox.flush()

    def _drop(self, now: float) -> None:
        """Free the rows of all who cancelled, failed or ran out of time."""

        def is_gone(item: Item) -> bool:
            owner = item.owner
            if owner.expired(now):
                owner.fail(DeadlineExceeded("the deadline passed before the request was done"))
            return owner.cancelled or owner.failed

        gone = self._scheduler.drop(is_gone)
        self._batch.free(gone)
        self._release(gone)

    def _leave(self, left: Sequence[Item]) -> None:
        """Free the rows of items that are done or have failed, and hand out their results."""
        for item in left:
            self._scheduler.retire(item)
        self._release(left)
        for item in left:
            if item.error is None:
                self._finish(item)
            if item.error is not None:
                item.owner.fail(item.error)

    def _finish(self, item: Item) -> None:
        try:
            result = item.result()
        except Exception as error:  # a bug of a search must not cost anyone else's answer
            log.exception("an item has no result")
            item.error = EngineFailure(f"a search failed: {type(error).__name__}")
            return
        self._observer.finished(result.finish_reason, result.target_tokens)
        item.owner.finish(item.index, result)

    def _release(self, items: Sequence[Item]) -> None:
        if items:
            with self._changed:
                self._admission.release(sum(item.width for item in items), self._clock())

    def _fail_all(self, error: Draining | EngineFailure) -> None:
        with self._changed:
            arrived, self._inbox = self._inbox, []
        for items in arrived:
            self._scheduler.add(items)
        gone = self._scheduler.drop(lambda _: True)
        self._release(gone)
        for item in gone:
            item.owner.fail(error)
        self._outbox.flush()
        with self._changed:
            self._busy = False
            self._changed.notify_all()


def _batch(
    backend: Any,
    decoding: TokenDecoding | ValueDecoding,
    config: EngineConfig,
    observer: Observer,
    clock: Callable[[], float],
) -> Batch[Any]:
    """Return the running batch of what decodes like `decoding`."""
    if isinstance(decoding, TokenDecoding):
        return TokenBatch(backend, decoding, config, observer, clock)
    return ValueBatch(backend, decoding, config, observer, clock)


def bears_int8(manifest: Manifest) -> bool:
    """Return whether a model may be multiplied in int8.

    What a model of numbers feeds back would carry the error along. A pointer's probabilities hang
    so much on its attention that the last bit of a float, which the width of a batch decides, could
    change a word after int8's rounding.
    """
    return isinstance(manifest.decoding, TokenDecoding) and COPIED not in manifest.memories


def _check_bans(name: str, decoding: TokenDecoding) -> None:
    if len(decoding.never) + WIDEST_BEAM + 1 > MOST_CANDIDATES:
        most = MOST_CANDIDATES - WIDEST_BEAM - 1
        raise ArtifactError(f"{name} bans {len(decoding.never)} ids; at most {most} can")
