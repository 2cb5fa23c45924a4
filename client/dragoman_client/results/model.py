"""What the service says of its models and languages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


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
    """One measured figure, with the data it was measured on.

    `target` is the language that was written, where a model writes several.
    """

    name: str
    value: float
    dataset: str
    split: str
    signature: str = ""
    decoding: str = ""
    target: str = ""


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
    `attends` says whether it can tell where it looked (`return_alignments`, `return_attention`).
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
    attends: bool = False
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
