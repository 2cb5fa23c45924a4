"""Full outputs: what is left to choose from once no other word may begin."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from app.search.hypothesis import Node
from app.search.rules import Rules
from app.search.step import IMPOSSIBLE, Candidates

SEEN = 48
"""Candidates that a full row must see beside the usual ones, to find how its last word goes on."""


@dataclass(frozen=True)
class Closed:
    """Candidates that begin no word in full rows; `cut[row]`: the model would have begun one."""

    candidates: Candidates
    cut: tuple[bool, ...]


def close(
    candidates: Candidates, nodes: Sequence[Node], full: Sequence[bool], rules: Rules
) -> Closed:
    """Leave each full row the end, and what goes on with its last word, best first.

    The end need not be among the candidates: its log-probability is the row's first probe.
    Places that fall vacant hold the end with -inf, which no search takes. With three candidates
    ` plan` -0.5, `s` -1.5 and `.` -2.0, and the end at -3.0, a full row keeps `s`, `.` and the end,
    and is cut, as ` plan` was the model's first choice.

    Args:
        candidates: ids and log-probabilities [width, K], probes [width, P ≥ 1] where a row is full.
        nodes: the hypothesis of each row.
        full: whether no other word may begin in it.
        rules: who knows the words, and the end token.
    """
    if rules.words is None or not any(full):
        return Closed(candidates, (False,) * len(nodes))
    ids, gains = candidates.ids.copy(), candidates.log_probabilities.copy()
    cut = [False] * len(nodes)
    for row in (row for row, is_full in enumerate(full) if is_full):
        offered = ids[row].tolist()
        begins = rules.words.words.begins(nodes[row].tokens(), offered)
        bans = rules.banned(nodes[row])
        cut[row] = next(
            (new for one, new in zip(offered, begins, strict=True) if one not in bans), False
        )
        end = max(float(candidates.probes[row, 0]), IMPOSSIBLE)
        kept = [
            (gain, one)
            for gain, one, new in zip(gains[row].tolist(), offered, begins, strict=True)
            if not new and one != rules.eos
        ]
        kept = sorted([*kept[: len(offered) - 1], (end, rules.eos)], key=lambda pair: -pair[0])
        ids[row], gains[row] = rules.eos, -np.inf
        ids[row, : len(kept)] = [one for _, one in kept]
        gains[row, : len(kept)] = [gain for gain, _ in kept]
    return Closed(
        Candidates(ids, gains, candidates.attention, candidates.probes),
        tuple(cut),
    )
