"""What any model makes of a request, by its own contract."""

from __future__ import annotations

from dataclasses import dataclass

from dragoman_client.results.output import Alternative, FinishReason, ModelVersion, Series, Usage
from dragoman_client.results.text import Alignment, Read


@dataclass(frozen=True)
class GeneratedText:
    """What a model wrote; `read` tells how much of a text it read."""

    text: str
    score: float
    finish_reason: FinishReason
    alternatives: tuple[Alternative, ...] = ()
    alignment: Alignment | None = None
    read: Read | None = None

    def __str__(self) -> str:
        """The text alone."""
        return self.text


@dataclass(frozen=True)
class GeneratedValues:
    """The numbers that a model went on with."""

    values: Series


@dataclass(frozen=True)
class Label:
    """One label of a classifier; the probabilities of all of them add up to 1."""

    label: str
    probability: float


@dataclass(frozen=True)
class GeneratedLabels:
    """All labels of a classifier, the likeliest first; `str()` of it is the first one's name."""

    labels: tuple[Label, ...]
    read: Read | None = None

    def __str__(self) -> str:
        """The likeliest label."""
        return self.labels[0].label


Generated = GeneratedText | GeneratedValues | GeneratedLabels


@dataclass(frozen=True)
class Generation:
    """What a model made of one request, by its own contract; `outputs` are in its items' order."""

    outputs: tuple[Generated, ...]
    model: ModelVersion
    usage: Usage
    request_id: str
    seed: int | None = None

    @property
    def output(self) -> Generated:
        """The only output; use `outputs` where a list was sent."""
        if len(self.outputs) != 1:
            raise RuntimeError(f"there are {len(self.outputs)} outputs: use `outputs`")
        return self.outputs[0]
