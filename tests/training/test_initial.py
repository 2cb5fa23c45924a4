from __future__ import annotations

import numpy as np

from scripts.training.initial import mix_weights


def test_a_share_of_the_initial_weights_is_mixed_into_the_final_ones() -> None:
    before = [np.array([1.0, 2.0], np.float32), np.array([7, 8], np.int32)]
    after = [np.array([4.0, 8.0], np.float32), np.array([1, 2], np.int32)]
    floats, wholes = mix_weights(before, after, 1 / 3)
    assert np.allclose(floats, [3.0, 6.0])
    assert wholes.tolist() == [1, 2]  # counters are not averaged
    assert np.array_equal(mix_weights(before, after, 0.0)[0], after[0])
