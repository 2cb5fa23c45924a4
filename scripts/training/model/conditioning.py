"""Four ways to tell a recurrent decoder at each step what the encoder has read.

What they differ in is what the layers read. The context is a vector [batch, units]: fixed, the
encoder's summary, or with an attention another one at each step. In every case the summary also is
where the states start from.

| conditioning | layer 1 reads           | layers above and readout read  |
|--------------|-------------------------|--------------------------------|
| `repeat`     | the context             | the layer below                |
| `feedback`   | the token               | the layer below                |
| `peek`       | the token, the context  | the layer below, the context   |
| `attention`  | the token (1)           | the layer below, the context   |

(1) Beside the context, where the attention is asked before the cell's step (Bahdanau).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from keras import ops

Tensor = Any


@dataclass(frozen=True)
class Conditioning:
    """One way: whether layer 1 reads the previous token and a fixed context, and who else does."""

    token: bool
    fixed: bool
    throughout: bool
    """Whether the layers above and the readout read the context, fixed or attended to."""

    def enter(self, embedded: Tensor, context: Tensor) -> Tensor:
        """Return layer 1's input [..., units] from the token's embedding and the fixed context."""
        if not self.fixed:
            return embedded
        return beside(embedded, context) if self.token else context


def beside(x: Tensor, context: Tensor) -> Tensor:
    """Return both side by side; `x` itself where there is no context."""
    return x if context is None else ops.concatenate([x, context], axis=-1)


CONDITIONINGS: dict[str, Conditioning] = {
    "repeat": Conditioning(token=False, fixed=True, throughout=False),
    "feedback": Conditioning(token=True, fixed=False, throughout=False),
    "peek": Conditioning(token=True, fixed=True, throughout=True),
    "attention": Conditioning(token=True, fixed=False, throughout=True),
}
