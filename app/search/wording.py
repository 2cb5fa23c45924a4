"""Word limits in search: how an output goes on that has too few words, or as many as it may have.

Bans alone would not do. A text whose end is banned can go on with marks for ever, and a text that
may begin no other word would take an unlikely ending of its last one (` to`, ` towards`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from app.search.hypothesis import Node
from app.search.rules import Rules, Stage, Words
from app.search.step import IMPOSSIBLE, Candidates

SEEN = 48
"""Candidates that a short row must see beside the usual ones, to find words to go on with."""


@dataclass(frozen=True)
class Worded:
    """What the word limits leave of candidates; `cut[row]`: the model would have gone on."""

    candidates: Candidates
    cut: tuple[bool, ...]


def seen(stages: Sequence[Stage]) -> int:
    """Return how many candidates rows must see beside the usual ones."""
    return SEEN if "short" in stages else 0


def probed(stages: Sequence[Stage], eos: int) -> tuple[int, ...]:
    """Return the ids whose log-probabilities rows must see: the end's, where a row is full."""
    return (eos,) if "full" in stages else ()


def within(
    candidates: Candidates, nodes: Sequence[Node], stages: Sequence[Stage], rules: Rules
) -> Worded:
    """Leave each row what its word limits allow, best first.

    A full row keeps what is better than the best beginning of another word, which can only go on
    with its last word, and the end, by its first probe. A short row whose best choice is the end
    keeps what begins another word, if it sees any.

    With ` plan` -0.5, `s` -1.5, `.` -2.0 and the end at -3.0, a full row keeps the end alone, and
    is cut; with `s` -0.5 and ` plan` -1.5 it keeps `s` and the end.

    Args:
        candidates: ids and log-probabilities [width, K], probes [width, P ≥ 1] where a row is full.
        nodes: the hypothesis of each row.
        stages: whether it is short, open or full.
        rules: the bans, and who knows the words.
    """
    cut = [False] * len(nodes)
    limits = rules.words
    if limits is None or not {"short", "full"}.intersection(stages):
        return Worded(candidates, tuple(cut))
    ids, gains = candidates.ids.copy(), candidates.log_probabilities.copy()
    for row, (node, stage) in enumerate(zip(nodes, stages, strict=True)):
        bans = rules.banned(node, stage)
        offered = _allowed(ids[row].tolist(), gains[row].tolist(), bans, rules.eos)
        if stage == "full":
            kept = _better_than_new_words(offered, limits.words, node.tokens())
            cut[row] = not kept and bool(offered) and offered[0][0] != rules.eos
            kept = [(one, gain) for one, gain in kept if one != rules.eos][: len(ids[row]) - 1]
            end = (rules.eos, max(float(candidates.probes[row, 0]), IMPOSSIBLE))
            kept = sorted([*kept, end], key=lambda pair: -pair[1])
        elif stage == "short" and offered and offered[0][0] == rules.eos:
            kept = _new_words(offered, limits.words, node.tokens())
        else:
            continue
        if kept:
            ids[row], gains[row] = rules.eos, -np.inf  # in the places that fall vacant
            ids[row, : len(kept)] = [one for one, _ in kept]
            gains[row, : len(kept)] = [gain for _, gain in kept]
    worded = Candidates(ids, gains, candidates.attention, candidates.probes)
    return Worded(worded, tuple(cut))


Pair = tuple[int, float]


def _allowed(
    ids: Sequence[int], gains: Sequence[float], bans: frozenset[int], eos: int
) -> list[Pair]:
    """Return the (id, log p) that are not banned, and the end even if it is."""
    pairs = zip(ids, gains, strict=True)
    return [(one, gain) for one, gain in pairs if one == eos or one not in bans]


def _better_than_new_words(offered: list[Pair], words: Words, tokens: Sequence[int]) -> list[Pair]:
    for place, (one, _) in enumerate(offered):  # one by one: the first is nearly always a new word
        if words.begins(tokens, [one])[0]:
            return offered[:place]
    return offered


def _new_words(offered: list[Pair], words: Words, tokens: Sequence[int]) -> list[Pair]:
    begins = words.begins(tokens, [one for one, _ in offered])
    return [pair for pair, new in zip(offered, begins, strict=True) if new]
