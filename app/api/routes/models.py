"""`GET /v1/models`, `GET /v1/models/{name}` and `GET /v1/languages`."""

from __future__ import annotations

from fastapi import APIRouter

from app.api.dependencies import CatalogueDep
from app.api.responses import problems
from app.api.schemas.languages import LanguagesResponse
from app.api.schemas.models import ModelOut, ModelsResponse

router = APIRouter(prefix="/v1", tags=["models"])


@router.get(
    "/models", operation_id="list_models", summary="List the models", responses=problems(503)
)
async def list_models(catalogue: CatalogueDep) -> ModelsResponse:
    """Return every loaded model: what it does, its limits, its figures and its licences."""
    return ModelsResponse(models=[ModelOut.of(model) for model in catalogue.models])


@router.get(
    "/models/{name}",
    operation_id="get_model",
    summary="Describe one model",
    responses=problems(404, 503),
)
async def get_model(name: str, catalogue: CatalogueDep) -> ModelOut:
    """Return one loaded model."""
    return ModelOut.of(catalogue.get(name))


@router.get(
    "/languages",
    operation_id="list_languages",
    summary="List what can be translated into what",
    responses=problems(503),
)
async def list_languages(catalogue: CatalogueDep) -> LanguagesResponse:
    """Return the languages of the loaded models, with their names in themselves."""
    return LanguagesResponse.of(catalogue.models)
