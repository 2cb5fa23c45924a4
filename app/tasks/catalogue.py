"""The loaded models, found by name or by language pair."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from app.errors import ArtifactError, FieldError, InvalidRequest, UnknownLanguagePair, UnknownModel
from app.tasks.loaded import LoadedModel

Task = Literal["translate", "summarize", "caption"]


def preferred(models: Sequence[LoadedModel]) -> list[LoadedModel]:
    """Return models in the order in which they are picked for a language pair.

    Those of the fewest pairs come first, as a model for this pair alone is likely to be the better
    one; among equals, the first by name.
    """
    return sorted(
        models, key=lambda model: (len(model.artifact.manifest.languages), model.artifact.name)
    )


class Catalogue:
    """The models that are served, sorted by name."""

    def __init__(self, models: Sequence[LoadedModel]) -> None:
        """Serve `models`.

        Raises:
            ArtifactError: two models have the same name.
        """
        self._models = {model.artifact.name: model for model in models}
        if len(self._models) < len(models):
            raise ArtifactError("two models have the same name; remove one of their folders")

    @property
    def models(self) -> list[LoadedModel]:
        """All models, sorted by name."""
        return [self._models[name] for name in sorted(self._models)]

    def get(self, name: str, pointer: str | None = None) -> LoadedModel:
        """Return the model called `name`.

        Raises:
            UnknownModel: there is none; the error names those that there are.
        """
        if name not in self._models:
            known = ", ".join(sorted(self._models))
            message = f"is not loaded; there is: {known}"
            fields = () if pointer is None else (FieldError(pointer, message),)
            raise UnknownModel(f"No such model is loaded. There is: {known}.", *fields)
        return self._models[name]

    def doing(self, task: Task, name: str | None) -> list[LoadedModel]:
        """Return the models that do `task`, sorted by name, or the one called `name`.

        Raises:
            UnknownModel: `name` is given, and not loaded or not a model that does this.
        """
        models = [model for model in self.models if model.artifact.manifest.task == task]
        if name is None:
            return models
        model = self.get(name, "/model")
        if model not in models:
            known = ", ".join(one.artifact.name for one in models) or "none"
            field = FieldError("/model", f"does not {task}; there is: {known}")
            raise UnknownModel(f"No such model can {task}. There is: {known}.", field)
        return [model]

    def translator(self, source: str | None, target: str, name: str | None) -> LoadedModel:
        """Return the model that translates into `target`, the preferred one of several.

        Languages are compared without regard to case.

        Raises:
            UnknownModel: `name` is given, and not loaded or no translator.
            UnknownLanguagePair: none of the models (or not this one) translates so.
            InvalidRequest: `source` is left out and several languages could be meant.
        """
        pairs = [
            (pair.source, pair.target, model)
            for model in preferred(self.doing("translate", name))
            for pair in model.artifact.manifest.languages
        ]
        into = [pair for pair in pairs if pair[1].lower() == target.lower()]
        fitting = [pair for pair in into if source is None or pair[0].lower() == source.lower()]
        if not fitting:
            known = ", ".join(sorted({f"{one}-{two}" for one, two, _ in pairs})) or "none"
            at_source = bool(into)
            field = FieldError("/source" if at_source else "/target", f"pairs: {known}")
            raise UnknownLanguagePair(
                f"No model translates between these languages. There is: {known}.", field
            )
        sources = sorted({pair[0].lower() for pair in fitting})
        if len(sources) > 1:
            message = f"must be one of: {', '.join(sources)}"
            raise InvalidRequest(
                "Say which language the text is in.", FieldError("/source", message)
            )
        return fitting[0][2]
