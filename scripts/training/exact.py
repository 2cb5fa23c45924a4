"""Score outputs that are right or wrong: how many are exactly a reference."""

from __future__ import annotations

from collections.abc import Sequence

from app.artifacts.manifest import Metric
from scripts.training.config import EvaluationSet
from scripts.training.items import Item, by_part


def score_exact(
    items: Sequence[Item], hypotheses: Sequence[str], about: EvaluationSet, decoding: str
) -> list[Metric]:
    """Return `exact`, the percentage of outputs that equal a reference whole, of set and parts.

    Rounded down to hundredths: it is 100 only where all of them do.
    """
    found = []
    for dataset, places in by_part(items, about.name):
        right = sum(hypotheses[place] in items[place].references for place in places)
        found.append(
            Metric(
                name="exact",
                value=10_000 * right // len(places) / 100,
                dataset=dataset,
                split=about.split,
                signature=f"n:{len(places)}",
                decoding=decoding,
            )
        )
    return found
