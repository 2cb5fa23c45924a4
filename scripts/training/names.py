"""The parts of a model that recipes name: each is known as soon as it is registered."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

from pydantic import AfterValidator

from scripts.training.model.attention import ATTENTIONS
from scripts.training.model.cells import CELLS
from scripts.training.model.conditioning import CONDITIONINGS


def _one_of(registered: Iterable[str]) -> AfterValidator:
    names = tuple(registered)

    def check(name: str) -> str:
        if name not in names:
            raise ValueError(f"`{name}` is unknown; there is: {', '.join(names)}")
        return name

    return AfterValidator(check)


CellName = Annotated[str, _one_of(CELLS)]
ConditioningName = Annotated[str, _one_of(CONDITIONINGS)]
AttentionName = Annotated[str, _one_of((*ATTENTIONS, "multi-head", "none"))]
