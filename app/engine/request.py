"""What the engine is asked and what it answers: plain values, no TensorFlow, no HTTP."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from app.search.rules import WordLimits
from app.search.series import Value
from app.search.step import SamplingPlan

FinishReason = Literal["stop", "length"]


@dataclass(frozen=True)
class DecodeOptions:
    """How one sequence is decoded; every field is already resolved and in range.

    `beam_size` 1 is greedy. `n_best` ≤ `beam_size` hypotheses come back, best first.
    `length_penalty` a: a finished hypothesis scores log p / length^a, its end token counted.
    `prefix` ids are fed first and are no output; `forced` ids are what the output begins with.
    `sampling` draws `n_best` outputs instead of searching. What `min_tokens`, `no_repeat_ngram`,
    `repetition_guard` and `words` ban is said in `app.search.rules`.
    """

    beam_size: int = 1
    n_best: int = 1
    max_tokens: int = 128
    length_penalty: float = 1.0
    prefix: tuple[int, ...] = ()
    forced: tuple[int, ...] = ()
    min_tokens: int = 0
    no_repeat_ngram: int = 0
    repetition_guard: bool = True
    sampling: SamplingPlan | None = None
    want_attention: bool = False
    words: WordLimits | None = None

    @property
    def rows(self) -> int:
        """How many rows the sequence takes."""
        return self.n_best if self.sampling is not None else self.beam_size


@dataclass(frozen=True)
class SequenceRequest:
    """One item to decode: the source of one row, without a batch axis.

    Args:
        source: what `encode` takes, by name: {"tokens": int32 [source]} for text.
        options: how to decode it; a model of numbers or labels has nothing to choose.
    """

    source: dict[str, NDArray[np.generic]]
    options: DecodeOptions = DecodeOptions()


@dataclass(frozen=True)
class Hypothesis:
    """One decoded output.

    `tokens` excludes start, prefix and end tokens. `log_probability` is the sum over the tokens and
    the end token, in nats; `score` is what hypotheses are ranked by. `attention` float32
    [len(tokens), source] is None unless it was asked for and the model attends.
    """

    tokens: tuple[int, ...]
    log_probability: float
    score: float
    finish_reason: FinishReason
    attention: NDArray[np.float32] | None = field(default=None, compare=False)


@dataclass(frozen=True)
class SequenceResult:
    """The answer to one `SequenceRequest`: n-best hypotheses, best first.

    Of a classifier they are all its labels, each as one token. A model of numbers has none, and
    `values`, [steps][features], instead.
    """

    hypotheses: tuple[Hypothesis, ...]
    source_tokens: int
    values: tuple[Value, ...] = ()

    @property
    def finish_reason(self) -> FinishReason:
        """Why the best of it ended; a series always ends by itself."""
        return self.hypotheses[0].finish_reason if self.hypotheses else "stop"

    @property
    def target_tokens(self) -> int:
        """How many tokens the best of it has, or steps."""
        return len(self.hypotheses[0].tokens) if self.hypotheses else len(self.values)
