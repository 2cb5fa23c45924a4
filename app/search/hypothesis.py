"""One hypothesis: its tokens, the beginning shared with others, and how it repeats itself."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

LONGEST_PERIOD = 16  # tokens of the longest loop that is looked for
_NONE: Mapping[int, int] = MappingProxyType({})


class Node:
    """The last token of a hypothesis; the tokens before it hang off `before`.

    `recent` holds the last `LONGEST_PERIOD` tokens, the newest last. `repeats[p]` counts how many
    of the newest tokens, without a gap, equal the token p places before them: after `a b a b a`
    it is {2: 3}, as the last three tokens each equal the one two places earlier.
    """

    __slots__ = ("attention", "before", "length", "recent", "repeats", "token")

    def __init__(
        self, token: int, before: Node | None, attention: NDArray[np.float32] | None = None
    ) -> None:
        """Make the root (`before` is None), or go on from `before` with `token`."""
        self.token = token
        self.before = before
        self.attention = attention
        self.repeats = _NONE
        if before is None:
            self.length = 0
            self.recent: tuple[int, ...] = ()
            return
        old = before.recent
        self.length = before.length + 1
        if token in old:
            known = before.repeats
            self.repeats = {
                period: known.get(period, 0) + 1
                for period, earlier in enumerate(reversed(old), 1)
                if earlier == token
            }
        self.recent = (*old[1 - LONGEST_PERIOD :], token) if old else (token,)

    def tokens(self) -> list[int]:
        """Return the hypothesis' tokens, the first first."""
        found: list[int] = []
        node = self
        while node.before is not None:
            found.append(node.token)
            node = node.before
        found.reverse()
        return found

    def attentions(self) -> list[NDArray[np.float32]]:
        """Return the attention of each token that has one, in order."""
        found: list[NDArray[np.float32]] = []
        node = self
        while node.before is not None:
            if node.attention is not None:
                found.append(node.attention)
            node = node.before
        found.reverse()
        return found


ROOT = Node(-1, None)
