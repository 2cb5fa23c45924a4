"""Score translations with the field's tools: sacreBLEU and chrF."""

from __future__ import annotations

from collections.abc import Sequence

from sacrebleu.metrics import BLEU, CHRF

from app.artifacts.manifest import Metric
from scripts.training.config import EvaluationSet
from scripts.training.pairs import Pair


def group(pairs: Sequence[Pair]) -> list[tuple[str, list[str]]]:
    """Return each distinct source once, in file order, with all its references in file order."""
    found: dict[str, list[str]] = {}
    for pair in pairs:
        found.setdefault(pair.source, []).append(pair.target)
    return list(found.items())


def streams(references: Sequence[Sequence[str]]) -> list[list[str | None]]:
    """Turn one list of references for each sentence into sacreBLEU's streams; None fills gaps.

    >>> streams([["a", "b"], ["c"]])
    [['a', 'c'], ['b', None]]
    """
    depth = max(len(row) for row in references)
    return [[row[i] if i < len(row) else None for row in references] for i in range(depth)]


def score_translations(
    hypotheses: Sequence[str],
    references: Sequence[Sequence[str]],
    about: EvaluationSet,
    decoding: str,
) -> list[Metric]:
    """Return corpus BLEU (first and all references) and chrF (all references), 0 to 100.

    Args:
        hypotheses: one for each sentence.
        references: one or more for each sentence.
        about: what the figures are of.
        decoding: how the hypotheses were found, `beam 4` say.
    """
    every = streams(references)
    runs = [("bleu-first", BLEU(), every[:1])]
    if len(every) > 1:
        runs.append(("bleu-all", BLEU(), every))
    runs.append(("chrf", CHRF(), every))
    metrics = []
    for name, metric, wanted in runs:
        value = metric.corpus_score(list(hypotheses), wanted).score
        metrics.append(
            Metric(
                name=name,
                value=round(value, 2),
                dataset=about.name,
                split=about.split,
                signature=str(metric.get_signature()),
                decoding=decoding,
            )
        )
    return metrics
