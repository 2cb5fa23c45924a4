"""A backend without a model: what it says of a row depends only on the source and the tokens fed.

`FakeBackend(law)` asks `law(source, history)` for a row's log-probabilities [vocabulary], where
`source` are the ids of the row's source and `history` the tokens it was fed, the start token first.
`spell` is the law of a decoder that spells words:

    source (7,), words {7: (10, 11)}  →  10, 11, end
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.engine.backend import Ints, Source, StepResult, StepsResult

PAD, BOS, EOS, UNK = 0, 1, 2, 3
Ids = tuple[int, ...]
Law = Callable[[Ids, Ids], NDArray[np.float64]]


def spell(words: Mapping[int, Ids], vocabulary: int = 16) -> Law:
    """Return the law by which the word of the source's first id is spelt, each id with p = 0.9."""

    def law(source: Ids, history: Ids) -> NDArray[np.float64]:
        word = words[source[0]]
        place = len(history) - 1
        values = np.full(vocabulary, np.log(0.1 / (vocabulary - 1)))
        values[word[place] if place < len(word) else EOS] = np.log(0.9)
        return values

    return law


def noise(vocabulary: int, seed: int = 0) -> Law:
    """Return a random law: the same for the same source and history."""

    def law(source: Ids, history: Ids) -> NDArray[np.float64]:
        key = zlib.crc32(repr((seed, source, history)).encode())
        logits = 2.0 * np.random.default_rng(key).standard_normal(vocabulary)
        return np.asarray(logits - np.log(np.exp(logits).sum()))

    return law


@dataclass(frozen=True)
class FakeEncoded:
    """The sources' ids."""

    sources: tuple[Ids, ...]

    @property
    def lengths(self) -> Sequence[int]:
        """The sources' lengths."""
        return [len(source) for source in self.sources]


class FakeBackend:
    """Satisfies `Backend[FakeEncoded]`; `most_rows` and `calls` tell what was asked of it."""

    def __init__(
        self,
        law: Law,
        never: Sequence[int] = (PAD, BOS, UNK),
        before: Callable[[str], None] = lambda name: None,
    ) -> None:
        """Answer by `law`; `before` is called with each call's name and may raise."""
        self._law = law
        self._never = list(never)
        self._before = before
        self._rows: list[tuple[Ids, Ids]] = []  # (source, history)
        self.most_rows = 0
        self.calls: list[str] = []

    def _called(self, name: str) -> None:
        self.calls.append(name)
        self._before(name)

    def encode(self, sources: Sequence[Source]) -> FakeEncoded:
        """Keep the ids."""
        self._called("encode")
        return FakeEncoded(tuple(tuple(source["tokens"].tolist()) for source in sources))

    def join(self, encoded: FakeEncoded, keep: Ints, repeats: Ints) -> None:
        """Add rows with an empty history."""
        self._called("join")
        kept = [self._rows[row] for row in keep.tolist()]
        for source, count in zip(encoded.sources, repeats.tolist(), strict=True):
            kept += [(source, ())] * count
        self._rows = kept

    def _feed(self, parents: Sequence[int], tokens: Sequence[int]) -> NDArray[np.float64]:
        before = self._rows
        self._rows = [
            (before[parent][0], (*before[parent][1], token))
            for parent, token in zip(parents, tokens, strict=True)
        ]
        self.most_rows = max(self.most_rows, len(self._rows))
        return np.stack([self._law(source, history) for source, history in self._rows])

    def advance(
        self, parents: Ints, tokens: Ints, probes: Ints, fetch: int, want_attention: bool
    ) -> StepResult:
        """Take one step."""
        self._called("advance")
        values = self._feed(parents.tolist(), tokens.tolist())
        ids = np.argsort(-values, axis=1, kind="stable")[:, :fetch]
        attention = None
        if want_attention:
            width = max(len(source) for source, _ in self._rows)
            places = [len(history) - 1 for _, history in self._rows]
            attention = (np.arange(width) == np.array(places)[:, None]).astype(np.float32)
        return StepResult(
            ids.astype(np.int32),
            np.take_along_axis(values, ids, axis=1).astype(np.float32),
            np.take_along_axis(values, probes, axis=1).astype(np.float32),
            attention,
        )

    def advance_greedy(self, parents: Ints, tokens: Ints, steps: int) -> StepsResult:
        """Take up to `steps` greedy steps."""
        self._called("advance_greedy")
        order, feed = parents.tolist(), tokens.tolist()
        ended = tokens == EOS
        ids: list[list[int]] = []
        gains: list[NDArray[np.float64]] = []
        while len(ids) < steps and not ended.all():
            values = self._feed(order, feed)
            values[:, self._never] = -np.inf
            best = values.argmax(axis=1)
            ids.append(best.tolist())
            gains.append(values.max(axis=1))
            ended = ended | (best == EOS)
            order, feed = list(range(len(feed))), ids[-1]
        return StepsResult(
            np.array(ids, np.int32).T, np.array(gains, np.float32).reshape(len(ids), -1).T
        )

    def reset(self) -> None:
        """Forget all rows."""
        self._called("reset")
        self._rows = []
