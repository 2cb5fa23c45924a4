"""BLEU by the length of the source: what a decoder without attention loses in long sentences."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sacrebleu.metrics import BLEU

from scripts.training.items import Item
from scripts.training.scores import streams


@dataclass(frozen=True)
class Bin:
    """Sources of `low` to `high` words, both included; without `high`, of `low` and more."""

    low: int
    high: int | None = None

    def __str__(self) -> str:
        """Return `5-6`, or `15+` where there is no end."""
        return f"{self.low}+" if self.high is None else f"{self.low}-{self.high}"


BINS = (Bin(1, 4), Bin(5, 6), Bin(7, 8), Bin(9, 11), Bin(12, 14), Bin(15))
ALL = (Bin(1),)


@dataclass(frozen=True)
class Score:
    """Corpus BLEU (0 to 100) of the `count` sources of one bin, against first references."""

    bin: str
    count: int
    bleu: float


def words(text: str) -> int:
    """Return how many words `text` has, split at spaces."""
    return len(text.split())


def bin_of(source: str, bins: Sequence[Bin]) -> Bin | None:
    """Return the bin of `source`; None if it is in none."""
    length = words(source)
    fitting = (one for one in bins if one.low <= length and length <= (one.high or length))
    return next(fitting, None)


def score_by_length(
    items: Sequence[Item], hypotheses: Sequence[str], bins: Sequence[Bin] = BINS
) -> list[Score]:
    """Return the BLEU of each bin that has items, in the order of `bins`.

    Only first references count: short sentences have more of them, which would make them look
    better translated.
    """
    scores = []
    for one in bins:
        places = [at for at, item in enumerate(items) if bin_of(item.source, bins) == one]
        if places:
            wanted = streams([items[at].references[:1] for at in places])
            found = BLEU().corpus_score([hypotheses[at] for at in places], wanted)
            scores.append(Score(str(one), len(places), round(found.score, 2)))
    return scores
