"""CIDEr-D (Vedantam et al. 2015, section 7) of token ids, quick enough to be a reward.

For n = 1 … 4, with g a vector of tf-idf weights of n-grams, h the hypothesis and r a reference:

    sim_n(h, r) = min(g(h), g(r)) · g(r) / (|g(h)| |g(r)|) · exp(-(len h - len r)² / (2 · 6²))

The score is 10 times the mean over n and references. The idf of an n-gram is
log(pictures / max(1, pictures in whose references it stands)).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

Gram = tuple[int, ...]
Ids = Sequence[int]
LONGEST, SIGMA = 4, 6.0


def grams(ids: Ids) -> Counter[Gram]:
    """Return how often each n-gram of 1 to 4 ids occurs."""
    return Counter(
        tuple(ids[at : at + n]) for n in range(1, LONGEST + 1) for at in range(len(ids) - n + 1)
    )


class _Vector:
    """The tf-idf weights of one caption, apart for each n."""

    def __init__(self, ids: Ids, frequencies: Counter[Gram], log_pictures: float) -> None:
        self.parts: list[dict[Gram, float]] = [{} for _ in range(LONGEST)]
        for gram, count in grams(ids).items():
            idf = log_pictures - math.log(max(1.0, frequencies[gram]))
            self.parts[len(gram) - 1][gram] = count * idf
        self.norms = [math.sqrt(sum(w * w for w in part.values())) for part in self.parts]
        # As in the reference code: how many bigrams there are.
        self.length = max(0, len(ids) - 1)

    def similarity(self, reference: _Vector) -> float:
        """Return the mean of sim_n of this caption and a reference."""
        total = 0.0
        for own, other, a, b in zip(
            self.parts, reference.parts, self.norms, reference.norms, strict=True
        ):
            if a and b:
                common = own.keys() & other.keys()
                total += sum(min(own[gram], other[gram]) * other[gram] for gram in common) / (a * b)
        difference = self.length - reference.length
        return total / LONGEST * math.exp(-(difference**2) / (2 * SIGMA**2))


class Cider:
    """Scores captions of pictures whose references are known; `corpus` gives the frequencies."""

    def __init__(
        self, references: Sequence[Sequence[Ids]], corpus: Sequence[Sequence[Ids]]
    ) -> None:
        """Prepare the references of each picture; `corpus` may be the same."""
        frequencies: Counter[Gram] = Counter()
        for captions in corpus:
            frequencies.update({gram for ids in captions for gram in grams(ids)})
        self._frequencies, self._log = frequencies, math.log(max(2, len(corpus)))
        self._references = [[self._vector(ids) for ids in captions] for captions in references]

    def _vector(self, ids: Ids) -> _Vector:
        return _Vector(ids, self._frequencies, self._log)

    def score(self, place: int, ids: Ids) -> float:
        """Return CIDEr-D of a caption of picture `place`: 0 to 10, about 0.5 for a fair one."""
        references = self._references[place]
        vector = self._vector(ids)
        found = sum(vector.similarity(reference) for reference in references)
        return 10.0 * found / max(1, len(references))
