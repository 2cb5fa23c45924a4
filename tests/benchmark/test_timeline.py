"""The recording of a batch says who had which row, through joins, moves and ends."""

from __future__ import annotations

from itertools import count

import numpy as np

from scripts.benchmark.timeline import FREE, RecordingBackend, shares
from tests.fakes.spelling_backend import BOS, EOS, FakeBackend, spell

WORDS = {7: (10, 11), 8: (12,)}


def ints(*values: int) -> np.ndarray:
    return np.array(values, np.int32)


def test_rows_are_followed_through_joins_moves_and_ends() -> None:
    clock = count()
    backend = RecordingBackend(FakeBackend(spell(WORDS)), EOS, lambda: float(next(clock)))
    two = backend.encode([{"tokens": ints(7, EOS)}, {"tokens": ints(8, EOS)}])
    backend.join(two, ints(), ints(1, 2))
    backend.advance(ints(2, 0, 1), ints(BOS, BOS, BOS), np.zeros((3, 0), np.int32), 1, False)
    backend.advance_greedy(ints(0, 1, 2), ints(EOS, 10, EOS), 2)
    one = backend.encode([{"tokens": ints(7, EOS)}])
    backend.join(one, ints(1), ints(1))
    assert [(call.kind, call.owners) for call in backend.calls] == [
        ("encode", (0, 1)),
        ("join", (0, 1, 1)),
        ("step", (1, 0, 1)),
        ("step", (FREE, 0, FREE)),
        ("encode", (2,)),
        ("join", (0, 2)),
    ]
    assert [call.steps for call in backend.calls if call.kind == "step"] == [1, 2]
    assert shares(backend.calls) == {
        "encode": 2 / 11,
        "join": 2 / 11,
        "step": 2 / 11,
        "between": 1.0 - 6 / 11,
    }
