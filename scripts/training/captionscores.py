"""Score captions as the field does: the package `pycocoevalcap`, with Stanford's tokenizer.

BLEU-1 to 4 (Papineni et al. 2002), ROUGE-L (Lin 2004) and CIDEr (Vedantam et al. 2015, the variant
CIDEr-D), each times 100. CIDEr takes its document frequencies from the references of the set.
"""

from __future__ import annotations

import shutil
import warnings
from collections.abc import Sequence
from importlib.metadata import version

from app.artifacts.manifest import Metric
from scripts.training.config import EvaluationSet

Captions = dict[int, list[str]]


def require_java() -> None:
    """Check that the tokenizer can run.

    Raises:
        RuntimeError: there is no Java.
    """
    if shutil.which("java") is None:
        raise RuntimeError(
            "captions are scored with Stanford's PTBTokenizer, which needs Java: install one "
            "(default-jre-headless on Debian), or take `captions` out of evaluate.metrics"
        )


def tokenize(captions: Sequence[Sequence[str]]) -> Captions:
    """Return the captions of each picture in lower case, without punctuation, tokens spaced.

    Raises:
        RuntimeError: there is no Java.
    """
    require_java()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the package's own syntax
        from pycocoevalcap.tokenizer.ptbtokenizer import PTBTokenizer

        numbered = {i: [{"caption": c} for c in some] for i, some in enumerate(captions)}
        found: Captions = PTBTokenizer().tokenize(numbered)
    return found


def figures(hypotheses: Captions, references: Captions) -> dict[str, float]:
    """Return the figures of tokenized captions, one hypothesis for each picture."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from pycocoevalcap.bleu.bleu import Bleu
        from pycocoevalcap.cider.cider import Cider
        from pycocoevalcap.rouge.rouge import Rouge

        bleu, _ = Bleu(4).compute_score(references, hypotheses, verbose=0)
        cider, _ = Cider().compute_score(references, hypotheses)
        rouge, _ = Rouge().compute_score(references, hypotheses)
    found = {f"bleu-{n}": value for n, value in enumerate(bleu, start=1)}
    return {
        name: 100.0 * float(value)
        for name, value in (found | {"cider": cider, "rougeL": rouge}).items()
    }


def score_captions(
    hypotheses: Sequence[str],
    references: Sequence[Sequence[str]],
    about: EvaluationSet,
    decoding: str,
) -> list[Metric]:
    """Return the figures of a set.

    Raises:
        RuntimeError: there is no Java.
    """
    found = figures(tokenize([[text] for text in hypotheses]), tokenize(references))
    most = max(len(some) for some in references)
    signature = (
        f"n:{len(hypotheses)}|refs:{most}|tok:ptb|df:refs|x100|pycocoevalcap:"
        f"{version('pycocoevalcap')}"
    )
    return [
        Metric(
            name=name,
            value=round(value, 2),
            dataset=about.name,
            split=about.split,
            signature=signature,
            decoding=decoding,
        )
        for name, value in found.items()
    ]
