"""The pairs of a comparison: long sentences enough to learn from, and to measure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from scripts.training.config import Corpus
from scripts.training.lengths import BINS, Bin, bin_of, words
from scripts.training.pairs import Pair, read_pairs, write_table

ORIGIN = "translation/tatoeba.en-fr.tsv.gz"
COMPARED = (*BINS[:-1], Bin(BINS[-1].low, 20))  # of longer ones there are too few
PAIRS = 30_000
HELD_OUT = 200  # of each bin
SHARE = 4  # of a bin not more than one in so many is held out
SEED = 1


@dataclass(frozen=True)
class Subset:
    """What the variants learn from, and what they are measured on; no source is in both."""

    train: list[Pair]
    test: list[Pair]


def choose_subset(
    pairs: Sequence[Pair], count: int = PAIRS, held_out: int = HELD_OUT, seed: int = SEED
) -> Subset:
    """Return a subset of `pairs` that is the same for the same seed.

    Long sentences are rare: drawn as they come, there were few to learn from and none to measure.
    `held_out` distinct sources of each of the bins `COMPARED` are measured, with their first
    targets. `count` of the other pairs are trained on, as many of each length in words as of any
    other as far as there are as many. Pairs whose source is in no bin are left out.
    """
    known = [pair for pair in pairs if bin_of(pair.source, COMPARED)]
    firsts: dict[str, Pair] = {}
    for pair in known:
        firsts.setdefault(pair.source, pair)
    bins = [bin_of(source, COMPARED) for source in firsts]
    sizes = Counter(bins)
    test = [
        pair
        for pair, one, rank in zip(firsts.values(), bins, _ranks(bins, seed), strict=True)
        if rank < min(held_out, sizes[one] // SHARE)
    ]
    measured = {pair.source for pair in test}
    rest = [pair for pair in known if pair.source not in measured]
    ranks = _ranks([words(pair.source) for pair in rest], seed)
    chosen = sorted(range(len(rest)), key=lambda place: (ranks[place], place))[:count]
    return Subset([rest[place] for place in sorted(chosen)], test)


def write_subset(folder: Path, corpus: Corpus, table: Path) -> None:
    """Write the table that `corpus` describes, of the pairs of `ORIGIN` under `folder`.

    Its `train` and `test` are the subset, both of the origin's `train`: the test split stays
    untouched. Its `val` is the origin's.

    Raises:
        FileNotFoundError: there is no such table; the message says how to get it.
    """
    origin = corpus.model_copy(update={"path": ORIGIN})
    subset = choose_subset(read_pairs(folder, origin, "train"))
    splits = {
        "train": subset.train,
        "val": read_pairs(folder, origin, "val"),
        "test": subset.test,
    }
    rows = ((split, p.source, p.target) for split, pairs in splits.items() for p in pairs)
    write_table(table, ("split", corpus.source, corpus.target), rows)


def _ranks(keys: Sequence[Hashable], seed: int) -> list[int]:
    """Return the rank of each place among those of the same key, in a random order.

    Of the keys `a a b` they are 0 1 0 or 1 0 0.
    """
    seen: Counter[Hashable] = Counter()
    ranks = [0] * len(keys)
    for place in np.random.default_rng(seed).permutation(len(keys)):
        ranks[place] = seen[keys[place]]
        seen[keys[place]] += 1
    return ranks
