"""What routes depend on.

All are coroutines: FastAPI calls a plain function in a thread, which costs more than the answer.
"""

from __future__ import annotations

from typing import Annotated, cast

from fastapi import Depends, Request

from app.api.service import Service
from app.tasks.catalogue import Catalogue


def service_of(request: Request) -> Service:
    """Return the running service, as the lifespan gave it to `request`."""
    return cast("Service", request.state.service)


async def _service(request: Request) -> Service:
    return service_of(request)


ServiceDep = Annotated[Service, Depends(_service)]


async def _catalogue(service: ServiceDep) -> Catalogue:
    return service.catalogue


CatalogueDep = Annotated[Catalogue, Depends(_catalogue)]
