"""What routes depend on.

All are coroutines: FastAPI calls a plain function in a thread, which costs more than the answer.
"""

from __future__ import annotations

from typing import Annotated, cast

from fastapi import Depends, Request

from app.api.context import RequestContext, context_of
from app.api.service import Service
from app.tasks.catalogue import Catalogue


async def _service(request: Request) -> Service:
    return cast("Service", request.state.service)


ServiceDep = Annotated[Service, Depends(_service)]


async def _catalogue(service: ServiceDep) -> Catalogue:
    return service.catalogue


async def _context(request: Request) -> RequestContext:
    return context_of(request.scope)


CatalogueDep = Annotated[Catalogue, Depends(_catalogue)]
ContextDep = Annotated[RequestContext, Depends(_context)]
