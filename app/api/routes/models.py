"""`GET /v1/models`, `GET /v1/models/{name}` and `GET /v1/languages`."""

from __future__ import annotations

from fastapi import APIRouter

from app.api.dependencies import CatalogueDep, ServiceDep
from app.api.responses import problems
from app.api.schemas.languages import LanguagesResponse
from app.api.schemas.models import ModelOut, ModelsResponse

router = APIRouter(prefix="/v1", tags=["models"])


@router.get(
    "/models",
    operation_id="list_models",
    summary="List the models",
    response_model_exclude_none=True,
    responses=problems(503),
)
async def list_models(catalogue: CatalogueDep, service: ServiceDep) -> ModelsResponse:
    """Return every loaded model: what it does, its limits, its figures and its licences."""
    return ModelsResponse(
        models=[ModelOut.of(model, service.images.limits) for model in catalogue.models]
    )


@router.get(
    "/models/{name}",
    operation_id="get_model",
    summary="Describe one model",
    response_model_exclude_none=True,
    responses=problems(404, 503),
)
async def get_model(name: str, catalogue: CatalogueDep, service: ServiceDep) -> ModelOut:
    """Return one loaded model."""
    return ModelOut.of(catalogue.get(name), service.images.limits)


@router.get(
    "/languages",
    operation_id="list_languages",
    summary="List what can be translated into what",
    responses=problems(503),
)
async def list_languages(catalogue: CatalogueDep) -> LanguagesResponse:
    """Return the languages of the loaded models, with their names in themselves."""
    return LanguagesResponse.of(catalogue.models)
