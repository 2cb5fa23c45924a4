"""What routes depend on.

All are coroutines: FastAPI calls a plain function in a thread, which costs more than the answer.
"""

from __future__ import annotations

from typing import Annotated, cast

from fastapi import Depends, Request

from app.api.context import RequestContext, context_of
from app.api.service import Service
from app.tasks.catalogue import Catalogue
from app.tasks.summarize import Summarizer
from app.tasks.translate import Translator


async def _service(request: Request) -> Service:
    return cast("Service", request.state.service)


ServiceDep = Annotated[Service, Depends(_service)]


async def _catalogue(service: ServiceDep) -> Catalogue:
    return service.catalogue


async def _translator(service: ServiceDep) -> Translator:
    service.gate.check()
    return service.translator


async def _summarizer(service: ServiceDep) -> Summarizer:
    service.gate.check()
    return service.summarizer


async def _context(request: Request) -> RequestContext:
    return context_of(request.scope)


CatalogueDep = Annotated[Catalogue, Depends(_catalogue)]
TranslatorDep = Annotated[Translator, Depends(_translator)]
SummarizerDep = Annotated[Summarizer, Depends(_summarizer)]
ContextDep = Annotated[RequestContext, Depends(_context)]
