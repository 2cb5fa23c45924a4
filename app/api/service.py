"""The running service: its models as they load, its gate and its metrics."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Protocol

from app.api.gate import Gate
from app.api.memory import give_back_memory
from app.engine.observer import Observer
from app.errors import DragomanError, EngineFailure, NotReady
from app.image.pool import ImageLimits, ImagePool
from app.observability.logging import log_event
from app.observability.metrics import Metrics
from app.tasks.caption import Captioner
from app.tasks.catalogue import Catalogue
from app.tasks.generate import Generator
from app.tasks.loaded import LoadedModel
from app.tasks.summarize import Summarizer
from app.tasks.translate import Translator

logger = logging.getLogger("dragoman.service")
NEW_OBJECTS = 20_000
"""Objects that are made and not freed before the garbage collector looks for cycles."""


class Loader(Protocol):
    """Loads all models; it blocks, so it is called in a thread."""

    def __call__(
        self, observe: Callable[[str], Observer], stopped: Callable[[], bool]
    ) -> Sequence[LoadedModel]:
        """Return the loaded models, or raise what is wrong with them."""
        ...


class Service:
    """What the lifespan keeps for the routes."""

    def __init__(self, loader: Loader, max_items: int, images: ImageLimits | None = None) -> None:
        """Make a service that is not loaded yet."""
        self.images = ImagePool(images or ImageLimits())
        self.gate = Gate()
        self.metrics = Metrics()
        self.failure: DragomanError | None = None
        """Why the models could not be loaded; the process then ends."""
        self._loader = loader
        self._max_items = max_items
        self._catalogue: Catalogue | None = None
        self.metrics.watch_running(lambda: self.gate.running)
        self.metrics.watch_images(lambda: self.images.waiting)
        self.metrics.watch_ready(lambda: float(self.trouble() is None))

    @property
    def catalogue(self) -> Catalogue:
        """The loaded models; raises why there are none yet."""
        if self._catalogue is None:
            raise self._unloaded()
        return self._catalogue

    def translator(self) -> Translator:
        """Return the translation task; raises why it cannot work yet."""
        return Translator(self.catalogue, self._max_items)

    def summarizer(self) -> Summarizer:
        """Return the summarization task; raises why it cannot work yet."""
        return Summarizer(self.catalogue, self._max_items)

    def captioner(self) -> Captioner:
        """Return the captioning task; raises why it cannot work yet."""
        return Captioner(self.catalogue, self._max_items, self.images)

    def generator(self) -> Generator:
        """Return the task of any model; raises why it cannot work yet."""
        return Generator(self.catalogue, self._max_items)

    def trouble(self) -> DragomanError | None:
        """Return why new requests are not taken; None when all is well."""
        try:
            self.gate.check()
            self.catalogue  # noqa: B018 - raises while there is none
        except DragomanError as error:
            return error
        return self.dead()

    def dead(self) -> DragomanError | None:
        """Return why only a restart helps; None as long as the process works."""
        for model in self._catalogue.models if self._catalogue is not None else ():
            if not model.engine.alive:
                return EngineFailure(f"The engine of {model.artifact.name} failed; restart it.")
        return None

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Load the models in a thread, and close their engines at the end."""
        stop = threading.Event()
        loading = asyncio.create_task(self._load(stop))
        try:
            yield
        finally:
            stop.set()
            self.images.close()
            await loading
            if self._catalogue is not None:
                for model in self._catalogue.models:
                    await asyncio.to_thread(model.engine.close)

    async def _load(self, stop: threading.Event) -> None:
        try:
            models = await asyncio.to_thread(self._loader, self.metrics.observer, stop.is_set)
            catalogue = Catalogue(models)
        except DragomanError as error:
            self.failure = error
            log_event(logger, logging.ERROR, error.message, code=error.code)
            return
        except Exception as error:
            self.failure = EngineFailure(f"The models could not be loaded: {type(error).__name__}.")
            logger.exception("The models could not be loaded.")
            return
        for model in catalogue.models:
            self._watch(model)
        self._catalogue = catalogue
        if not stop.is_set():  # else it is there to be closed
            _keep()
            names = [model.artifact.name for model in catalogue.models]
            log_event(logger, logging.INFO, "ready", models=names)

    def _watch(self, model: LoadedModel) -> None:
        engine = model.engine
        self.metrics.watch_rows(
            model.artifact.name, lambda: engine.rows_in_use, lambda: engine.waiting
        )

    def _unloaded(self) -> DragomanError:
        return self.failure or NotReady("Models are loading; try again.", retry_after=2.0)


def _keep() -> None:
    """Settle down to what is loaded: it stays, and what loading it took is over."""
    gc.collect()
    gc.freeze()  # the collector need not look at TensorFlow's heap again and again
    gc.set_threshold(NEW_OBJECTS, *gc.get_threshold()[1:])
    give_back_memory()
