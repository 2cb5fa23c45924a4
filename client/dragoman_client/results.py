"""What the service answers, as frozen values.

Fields that a newer service adds are ignored; those that have a default here may be absent.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

FinishReason = Literal["stop", "length"]
Series = tuple[float, ...] | tuple[tuple[float, ...], ...]
"""A series of numbers, or of tuples of them where a step has several."""


@dataclass(frozen=True)
class ModelVersion:
    """Which model answered."""

    name: str
    version: int


@dataclass(frozen=True)
class Usage:
    """Tokens that one request read and wrote, all its items together; of images, how many."""

    source_tokens: int
    target_tokens: int
    images: int = 0


@dataclass(frozen=True)
class Alternative:
    """A further hypothesis; `score` is comparable within one item only."""

    text: str
    score: float
    finish_reason: FinishReason


@dataclass(frozen=True)
class Alignment:
    """Which source tokens each target token looked at.

    `weights[t][s]` in 0..1 is the attention of target token t to source token s; a row sums to 1.
    """

    source_tokens: tuple[str, ...]
    target_tokens: tuple[str, ...]
    weights: tuple[tuple[float, ...], ...]


@dataclass(frozen=True)
class Piece:
    """More of the output for the item at place `index`; `str()` of it is its text.

    Of a series it has `values` and no text: numbers, or tuples of them where a step has several.
    """

    index: int
    text: str
    values: Series = ()

    def __str__(self) -> str:
        """The text alone."""
        return self.text


@dataclass(frozen=True)
class Output:
    """What a model made of one item; `str()` of it is its text.

    `finish_reason` is `stop`, or `length` where a limit cut the text off. `usage` counts the whole
    request, which may have held other items. `seed` is what samples were drawn by.
    """

    text: str
    score: float
    finish_reason: FinishReason
    model: ModelVersion
    usage: Usage
    request_id: str
    alternatives: tuple[Alternative, ...] = ()
    seed: int | None = field(default=None, kw_only=True)

    def __str__(self) -> str:
        """The text alone."""
        return self.text


@dataclass(frozen=True)
class TextOutput(Output):
    """What a model made of one text."""

    alignment: Alignment | None = field(default=None, kw_only=True)


@dataclass(frozen=True)
class Translation(TextOutput):
    """One translated item."""


@dataclass(frozen=True)
class Read:
    """How much of a text the model read, always its beginning; end tokens are not counted."""

    tokens: int
    of_tokens: int
    characters: int
    of_characters: int

    @property
    def whole(self) -> bool:
        """Whether nothing of the text was left unread."""
        return self.tokens == self.of_tokens


@dataclass(frozen=True)
class Summary(TextOutput):
    """One summarized item, the language of its text, and how much of the text was read.

    `words` counts as `max_words` does: a character is a word where a script writes no spaces.
    """

    words: int = field(kw_only=True)
    language: str = field(kw_only=True)
    read: Read = field(kw_only=True)


@dataclass(frozen=True)
class Word:
    """One word of a caption, and where it looked; `str()` of it is its text.

    `weights[row][column]` in 0..1 is the share of its attention that a cell got; all sum to 1.
    """

    text: str
    weights: tuple[tuple[float, ...], ...]

    def __str__(self) -> str:
        """The text alone."""
        return self.text


@dataclass(frozen=True)
class Attention:
    """Where in an image the words of its caption looked: a grid of equal cells over all of it."""

    rows: int
    columns: int
    words: tuple[Word, ...]


@dataclass(frozen=True)
class Caption(Output):
    """What one image shows; `attention` is there if it was asked for."""

    attention: Attention | None = field(default=None, kw_only=True)


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


@dataclass(frozen=True)
class LanguagePair:
    """A source and a target language, as BCP 47 tags."""

    source: str
    target: str


@dataclass(frozen=True)
class Limits:
    """How many tokens (or steps of a series) one item may have, and a series must have."""

    max_source: int
    max_target: int
    min_source: int = 1


@dataclass(frozen=True)
class ImageInput:
    """What a model of images takes: `height` x `width` pixels, to which the service stretches."""

    height: int
    width: int
    formats: tuple[str, ...]
    max_pixels: int


@dataclass(frozen=True)
class SeriesShape:
    """What a model of series takes and gives: numbers in each step, and how many steps it writes.

    None stands where a side is no series.
    """

    source_features: int | None = None
    target_features: int | None = None
    steps: int | None = None


@dataclass(frozen=True)
class Metric:
    """One measured figure, with the data it was measured on."""

    name: str
    value: float
    dataset: str
    split: str
    signature: str = ""
    decoding: str = ""


@dataclass(frozen=True)
class Licence:
    """The licence of one data set that the model was trained on."""

    dataset: str
    licence: str
    commercial_use: bool
    attribution: str = ""


@dataclass(frozen=True)
class Model:
    """A loaded model: what it does, how well, and what it may be used for.

    `source_kind` is `text`, `image` or `series`, `target_kind` `text`, `series` or `label`.
    `generation` holds the options that a request gets unless it names its own.
    """

    name: str
    version: int
    task: str
    summary: str
    state: str
    commercial_use: bool
    limits: Limits
    parameters: int = 0
    source_kind: str = "text"
    target_kind: str = "text"
    image: ImageInput | None = None
    series: SeriesShape | None = None
    labels: tuple[str, ...] = ()
    languages: tuple[LanguagePair, ...] = ()
    metrics: tuple[Metric, ...] = ()
    licences: tuple[Licence, ...] = ()
    generation: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class TargetLanguage:
    """A language that can be translated into: its code, its own name, and models that do it."""

    code: str
    name: str
    models: tuple[str, ...]


@dataclass(frozen=True)
class Language:
    """A language of texts: what it can be translated into, and models that summarize it."""

    code: str
    name: str
    targets: tuple[TargetLanguage, ...] = ()
    summarizers: tuple[str, ...] = ()
