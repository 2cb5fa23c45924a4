"""Sequence-level interpolation (Kim & Rush 2016, section 3.3): targets that a model can learn.

People translate a sentence in many ways; a small model that must learn them all learns none well.
Of what a teacher would say itself, the candidate nearest to a person's translation is both right
and of the teacher's one way of saying things.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sacrebleu.metrics import CHRF
from tqdm import tqdm

from app.artifacts.store import Artifact
from scripts.training.decoding import Decoder
from scripts.training.pairs import Pair
from scripts.training.scores import group

PORTION = 4096  # sources decoded between two lines of progress


def nearest(candidates: Sequence[str], references: Sequence[str]) -> str:
    """Return the candidate whose chrF with its nearest reference is highest, the first of equals.

    >>> nearest(["le chat dort", "un chat dort ici"], ["le chien", "un chat dort"])
    'un chat dort ici'
    """
    metric = CHRF()
    return max(candidates, key=lambda text: metric.sentence_score(text, list(references)).score)


def distil(
    artifact: Artifact, pairs: Sequence[Pair], count: int, target: str = ""
) -> Iterator[Pair]:
    """Yield each distinct source of `pairs` with the nearest of the teacher's `count` candidates.

    `target` is the language of the pairs, if the teacher's first is another. Sources longer than
    the teacher reads are left out, and their number is printed.
    """
    with Decoder(artifact) as decoder:
        every = group(pairs)
        known = [item for item in every if decoder.reads(item[0])]
        known.sort(key=lambda item: len(item[0]))  # alike lengths are decoded together
        if len(known) < len(every):
            left = len(every) - len(known)
            tqdm.write(f"{left} sources are longer than the teacher reads: they are left out")
        for start in tqdm(range(0, len(known), PORTION), unit="portion"):
            portion = known[start : start + PORTION]
            found = decoder.candidates([source for source, _ in portion], count, target)
            for (source, references), candidates in zip(portion, found, strict=True):
                yield Pair(source, nearest(candidates, references))
