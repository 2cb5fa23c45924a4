"""Score summaries: ROUGE, faithfulness and length, of a whole set and of its parts."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from app.artifacts.manifest import Metric
from scripts.training.config import EvaluationSet
from scripts.training.facts import fact_shares, length_ratio
from scripts.training.items import Item, by_part
from scripts.training.rouge import rouge, signature
from scripts.training.units import lead


def score_summaries(
    items: Sequence[Item],
    hypotheses: Sequence[str],
    about: EvaluationSet,
    decoding: str,
    metrics: Collection[str],
    spaceless: bool,
) -> list[Metric]:
    """Return the figures of the whole set, then of each of its parts as `set-part`.

    `metrics` are some of `rouge`, `facts` (in percent) and `length` (a ratio, 1 is the reference's
    length); the latter two are compared with the first reference.
    """
    found: list[Metric] = []
    for dataset, chosen in by_part(items, about.name):
        sources = [items[place].source for place in chosen]
        references = [items[place].references for place in chosen]
        texts = [hypotheses[place] for place in chosen]
        first = [wanted[0] for wanted in references]
        figures: dict[str, float] = {}
        if "rouge" in metrics:
            figures |= rouge(texts, references, spaceless)
        if "facts" in metrics:
            figures |= fact_shares(sources, texts, first)
        if "length" in metrics:
            figures["length-ratio"] = length_ratio(texts, first, spaceless)
        how = f"n:{len(chosen)}"
        found += [
            Metric(
                name=name,
                value=round(value, 3 if name == "length-ratio" else 2),
                dataset=dataset,
                split=about.split,
                signature=f"{how}|{signature(spaceless)}" if name.startswith("rouge") else how,
                decoding=decoding,
            )
            for name, value in figures.items()
        ]
    return found


def score_lead(
    items: Sequence[Item], about: EvaluationSet, metrics: Collection[str], spaceless: bool
) -> list[Metric]:
    """Return the figures of the baseline that repeats the source's first `about.lead` units."""
    if about.lead is None:
        return []
    texts = [lead(item.source, about.lead, spaceless) for item in items]
    return score_summaries(items, texts, about, f"lead {about.lead}", metrics, spaceless)
