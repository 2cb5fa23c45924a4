"""What routes depend on."""

from __future__ import annotations

from typing import Annotated, cast

from fastapi import Depends, Request

from app.api.context import RequestContext, context_of
from app.api.service import Service
from app.tasks.catalogue import Catalogue
from app.tasks.translate import Translator


def _service(request: Request) -> Service:
    return cast("Service", request.state.service)


ServiceDep = Annotated[Service, Depends(_service)]


def _catalogue(service: ServiceDep) -> Catalogue:
    return service.catalogue


def _translator(service: ServiceDep) -> Translator:
    service.gate.check()
    return service.translator


def _context(request: Request) -> RequestContext:
    return context_of(request.scope)


CatalogueDep = Annotated[Catalogue, Depends(_catalogue)]
TranslatorDep = Annotated[Translator, Depends(_translator)]
ContextDep = Annotated[RequestContext, Depends(_context)]
