"""`/livez`, `/readyz` and `/metrics`: for orchestrators and Prometheus."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from app.api.dependencies import ServiceDep
from app.api.problems import domain_problem
from app.api.responses import problems
from app.api.schemas.models import Health
from app.observability.metrics import CONTENT_TYPE

router = APIRouter(tags=["operations"])


@router.get(
    "/livez",
    operation_id="livez",
    summary="Is the process alive?",
    response_model=Health,
    responses=problems(503),
)
async def livez(request: Request, service: ServiceDep) -> Health | Response:
    """Answer 503 only when a restart is needed: an engine has failed for good."""
    trouble = service.dead()
    return Health() if trouble is None else domain_problem(request.scope, trouble, 503)


@router.get(
    "/readyz",
    operation_id="readyz",
    summary="Are requests taken?",
    response_model=Health,
    responses=problems(503),
)
async def readyz(request: Request, service: ServiceDep) -> Health | Response:
    """Answer 503 while models load, when one failed, and while the service drains."""
    trouble = service.trouble()
    return Health() if trouble is None else domain_problem(request.scope, trouble, 503)


@router.get(
    "/metrics",
    operation_id="metrics",
    summary="Prometheus metrics",
    response_class=Response,
    responses={200: {"description": "Prometheus text format", "content": {"text/plain": {}}}},
)
async def metrics(service: ServiceDep) -> Response:
    """Return all metrics in Prometheus' text format."""
    return Response(service.metrics.render(), media_type=CONTENT_TYPE)
