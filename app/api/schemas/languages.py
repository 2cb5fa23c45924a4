"""`GET /v1/languages`."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import ConfigDict, Field

from app.api.schemas.base import Wire
from app.tasks.catalogue import preferred
from app.tasks.loaded import LoadedModel
from app.text.languages import autonym


class TargetOut(Wire):
    """A language that can be translated into."""

    code: str
    name: str = Field(description="What the language calls itself.")
    models: list[str] = Field(
        description="That translate so, those of the fewest language pairs first, then by name; "
        "the first is the default."
    )


class LanguageOut(Wire):
    """A language that can be translated, or summarized."""

    code: str
    name: str = Field(description="What the language calls itself.")
    targets: list[TargetOut] = Field(description="What it can be translated into.")
    summarizers: list[str] = Field(description="Models that summarize it, by name.")


class LanguagesResponse(Wire):
    """What can be translated into what, and what can be summarized, sorted by code."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "languages": [
                        {
                            "code": "en",
                            "name": "English",
                            "targets": [
                                {"code": "fr", "name": "français", "models": ["translate-en-fr"]}
                            ],
                            "summarizers": ["summarize-en"],
                        }
                    ]
                }
            ]
        }
    )

    languages: list[LanguageOut]

    @classmethod
    def of(cls, models: Sequence[LoadedModel]) -> LanguagesResponse:
        """Return what `models`, sorted by name, can do."""
        targets: dict[str, dict[str, list[str]]] = {}
        summarizers: dict[str, list[str]] = {}
        for model in preferred(models):
            manifest = model.artifact.manifest
            for pair in manifest.languages:
                if manifest.task == "translate":
                    into = targets.setdefault(pair.source, {})
                    into.setdefault(pair.target, []).append(manifest.name)
                elif manifest.task == "summarize":
                    summarizers.setdefault(pair.source, []).append(manifest.name)
        return cls(
            languages=[
                LanguageOut(
                    code=code,
                    name=autonym(code),
                    targets=[
                        TargetOut(code=target, name=autonym(target), models=names)
                        for target, names in sorted(targets.get(code, {}).items())
                    ],
                    summarizers=sorted(summarizers.get(code, [])),
                )
                for code in sorted({*targets, *summarizers})
            ]
        )
