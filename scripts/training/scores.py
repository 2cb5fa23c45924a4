"""Score translations with the field's tools: sacreBLEU and chrF."""

from __future__ import annotations

from collections.abc import Sequence

from sacrebleu.metrics import BLEU, CHRF
from sacremoses import MosesTokenizer

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
    return [_measured(*run, hypotheses, about, decoding) for run in runs]


def score_moses(
    hypotheses: Sequence[str],
    references: Sequence[Sequence[str]],
    language: str,
    about: EvaluationSet,
    decoding: str,
) -> list[Metric]:
    """Return the BLEU of papers on Multi30k: both sides lower-cased and in Moses' tokens.

    Arguments are those of `score_translations`; `language` decides Moses' abbreviations.
    """
    tokenizer = MosesTokenizer(language)

    def tokens(text: str) -> str:
        return str(tokenizer.tokenize(text.lower(), return_str=True))

    wanted = streams([[tokens(text) for text in row] for row in references])[:1]
    metric = BLEU(tokenize="none", force=True)
    return [_measured("bleu-moses", metric, wanted, list(map(tokens, hypotheses)), about, decoding)]


def _measured(
    name: str,
    metric: BLEU | CHRF,
    references: list[list[str | None]],
    hypotheses: Sequence[str],
    about: EvaluationSet,
    decoding: str,
) -> Metric:
    return Metric(
        name=name,
        value=round(metric.corpus_score(list(hypotheses), references).score, 2),
        dataset=about.name,
        split=about.split,
        signature=str(metric.get_signature()),
        decoding=decoding,
    )
