"""The composition root: settings in, an ASGI application out."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import TypedDict

from fastapi import FastAPI

from app import __version__
from app.api import problems
from app.api.budget import Budget
from app.api.middleware import LimitBody, ObserveRequests
from app.api.openapi import describe
from app.api.routes import caption, generate, health, models, summarize, translate
from app.api.service import Loader, Service
from app.engine.config import EngineConfig
from app.engine.cpus import has_int8_units, usual_threads
from app.engine.observer import Observer
from app.image.pool import ImageLimits
from app.settings import Settings
from app.tasks.loaded import LoadedModel
from app.tasks.loading import load_models

WEB = Path(__file__).parent / "web"


class State(TypedDict):
    """What the lifespan keeps for every request."""

    service: Service


def create_service(settings: Settings, loader: Loader | None = None) -> Service:
    """Return a service that loads its models once its application starts.

    Args:
        settings: how it runs.
        loader: loads the models; None loads those of `settings.models`.
    """
    images = ImageLimits(
        max_pixels=settings.max_pixels,
        threads=settings.image_threads,
        capacity=settings.max_rows + settings.max_waiting,
    )
    return Service(loader or _loader(settings), settings.max_items, images)


def create_app(settings: Settings, service: Service | None = None) -> FastAPI:
    """Return the application; it runs in any ASGI server that speaks the lifespan protocol."""
    served = create_service(settings) if service is None else service

    @contextlib.asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[State]:
        async with served.running():
            yield {"service": served}

    app = FastAPI(
        title="Dragoman",
        version=__version__,
        summary="Sequence-to-sequence models over HTTP.",
        lifespan=lifespan,
        redoc_url=None,
    )
    app.add_middleware(
        LimitBody,
        limit=settings.max_body,
        larger=dict.fromkeys(caption.PATHS, min(settings.max_image_body, settings.image_memory)),
        budget=Budget(settings.image_memory),
    )
    app.add_middleware(
        ObserveRequests, gate=served.gate, metrics=served.metrics, deadline=settings.deadline
    )
    problems.install(app)
    for module in (translate, summarize, caption, generate, models, health):
        app.include_router(module.router)
    app.frontend("/", directory=WEB, fallback=None)
    describe(app)
    return app


def engine_config(settings: Settings) -> EngineConfig:
    """Return how the engines run."""
    return EngineConfig(
        max_rows=settings.max_rows,
        max_waiting=settings.max_waiting,
        exact=settings.exact,
        int8=settings.precision == "int8" or (settings.precision == "auto" and has_int8_units()),
        device=settings.device,
        intra_threads=settings.threads or usual_threads(),
    )


def _loader(settings: Settings) -> Loader:
    def load(
        observe: Callable[[str], Observer], stopped: Callable[[], bool]
    ) -> Sequence[LoadedModel]:
        return load_models(
            settings.models,
            engine_config(settings),
            verify_hashes=settings.verify_hashes,
            observe=observe,
            stopped=stopped,
        )

    return load
