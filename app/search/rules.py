"""What a hypothesis may not say next: ids never said, early ends, repetitions, too many words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from app.search.hypothesis import Node

FEWEST_REPEATS = 12  # tokens that may repeat before the guard acts, however short the loop
COPIES = 3  # of a longer loop that may follow its first
UNBOUNDED = 1 << 30


Stage = Literal["short", "open", "full"]
"""Whether an output has too few words to end, or so many that no other may begin."""


class Words(Protocol):
    """Knows the words that tokens spell; the search itself knows no text."""

    def count(self, tokens: Sequence[int]) -> int:
        """Return how many words the text of `tokens` has."""
        ...

    def begins(self, tokens: Sequence[int], candidates: Sequence[int]) -> Sequence[bool]:
        """Return for each of `candidates` whether it would begin another word after `tokens`."""
        ...


@dataclass(frozen=True)
class WordLimits:
    """How many words an output must have at least and may have at most; None bounds nothing."""

    words: Words
    least: int = 0
    most: int | None = None


@dataclass(frozen=True)
class Rules:
    """Bans for the next token of a hypothesis.

    Args:
        never: ids that are not said at all.
        eos: the end token.
        min_tokens: the end is banned before so many tokens.
        no_repeat_ngram: no run of so many tokens comes twice (Paulus et al. 2017); 0 allows all.
        words: how many words there must and may be. The end is banned before `least` of them, and
            never once there are `most`; what else becomes of such outputs is said in
            `app.search.wording`.
        guard: whether loops are broken: once the newest tokens have repeated those p places before
            them `most_repeats(p)` times without a gap, the next repetition is banned.
    """

    never: frozenset[int]
    eos: int
    min_tokens: int = 0
    no_repeat_ngram: int = 0
    guard: bool = True
    words: WordLimits | None = None

    def banned(self, node: Node, stage: Stage | None = None) -> frozenset[int]:
        """Return the ids that may not follow `node`, whose `stage` may be known already."""
        bans = self.never
        if not self._may_end(node, stage):
            bans = bans | {self.eos}
        if self.guard and node.repeats:
            looping = [p for p, count in node.repeats.items() if count >= most_repeats(p)]
            if looping:
                bans = bans.union(node.recent[-period] for period in looping)
        if self.no_repeat_ngram:
            bans = bans.union(_continuations(node.tokens(), self.no_repeat_ngram))
        return bans

    def stage(self, node: Node) -> Stage:
        """Return how the words of `node` stand to their limits."""
        if self.words is None:
            return "open"
        count = self.words.words.count(node.tokens())
        if count < self.words.least:
            return "short"
        return "full" if self.words.most is not None and count >= self.words.most else "open"

    def _may_end(self, node: Node, stage: Stage | None) -> bool:
        known = self.stage(node) if stage is None else stage
        return known == "full" or (known == "open" and node.length >= self.min_tokens)

    def free_steps(self, node: Node) -> int:
        """Return for how many steps after `node` only `never` can be banned, whatever is said."""
        if node.length < self.min_tokens or self.no_repeat_ngram or self.words is not None:
            return 0
        if not self.guard:
            return UNBOUNDED
        left = [most_repeats(period) - count for period, count in node.repeats.items()]
        return max(0, min([FEWEST_REPEATS, *left]))  # a loop that has not begun needs that many


def most_repeats(period: int) -> int:
    """Return how many tokens in a row may equal the one `period` places before.

    With period 1 (`no no no …`) twelve may follow the first; with period 5, fifteen: three copies.
    """
    return max(FEWEST_REPEATS, COPIES * period)


def _continuations(tokens: Sequence[int], size: int) -> set[int]:
    """Return what followed the last `size - 1` tokens wherever they stood before."""
    start = len(tokens) - (size - 1)
    if start < 1:
        return set()
    tail = tokens[start:]
    return {
        tokens[place + size - 1]
        for place in range(start)
        if tokens[place : place + size - 1] == tail
    }
