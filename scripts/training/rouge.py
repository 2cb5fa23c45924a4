"""ROUGE-1, ROUGE-2 and ROUGE-L (Lin 2004), by the package `rouge-score`: F1, 0 to 100."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import version

from rouge_score.rouge_scorer import RougeScorer

from scripts.training.units import units

KINDS = ("rouge1", "rouge2", "rougeL")


class CharacterTokenizer:
    """What `rouge-score` asks of a tokenizer: characters, for languages without spaces."""

    def tokenize(self, text: str) -> list[str]:
        """Return the characters of `text` without spaces, case-folded."""
        return units(text, True)


def rouge(
    hypotheses: Sequence[str], references: Sequence[Sequence[str]], spaceless: bool
) -> dict[str, float]:
    """Return the mean F1 of each kind; a hypothesis counts with its best reference.

    English words are stemmed (Porter) and punctuation is left out; `spaceless` languages are
    compared character by character, punctuation included.
    """
    tokenizer = CharacterTokenizer() if spaceless else None
    scorer = RougeScorer(list(KINDS), use_stemmer=not spaceless, tokenizer=tokenizer)
    scores = [
        scorer.score_multi(list(wanted), text)
        for text, wanted in zip(hypotheses, references, strict=True)
    ]
    return {
        kind: 100.0 * sum(score[kind].fmeasure for score in scores) / max(len(scores), 1)
        for kind in KINDS
    }


def signature(spaceless: bool) -> str:
    """Return what a reader needs to compute the same figures."""
    unit = "characters" if spaceless else "words|stemmer:porter"
    return f"f1|unit:{unit}|rouge-score:{version('rouge-score')}"
