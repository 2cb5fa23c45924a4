"""The sections of `manifest.json`, each of which makes sense by itself.

Import them from `app.artifacts.manifest`.
"""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Annotated, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    FiniteFloat,
    JsonValue,
    field_validator,
    model_validator,
)

Axis = Literal["batch", "source"] | Annotated[int, Field(ge=1)]
Dtype = Literal["int32", "int64", "float32", "float16", "bfloat16", "bool", "uint8"]


class Part(BaseModel):
    """What every section of the manifest is: frozen, and without keys that nobody knows."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Tensor(Part):
    """One named tensor: its dtype, its axes, and what fills its source axis beyond a row's end."""

    dtype: Dtype
    axes: tuple[Axis, ...]
    pad: float | int | bool = 0

    @field_validator("axes")
    @classmethod
    def _axes_are_batched(cls, axes: tuple[Axis, ...]) -> tuple[Axis, ...]:
        if not axes or axes[0] != "batch" or "batch" in axes[1:] or axes.count("source") > 1:
            raise ValueError("axes start with `batch` and hold `source` at most once")
        return axes

    @property
    def source_axis(self) -> int | None:
        """The position of the source axis, if there is one."""
        return self.axes.index("source") if "source" in self.axes else None


class Signature(Part):
    """The named inputs and outputs of one SavedModel signature."""

    inputs: dict[str, Tensor]
    outputs: dict[str, Tensor]


class Signatures(Part):
    """The two signatures of an encoder-decoder model."""

    encode: Signature
    step: Signature


class TokenDecoding(Part):
    """Decode tokens, from `bos` to `eos`.

    A classifier has `labels`, the names of the ids 0, 1, … of its logits: its one step is fed
    `bos`, and what comes out is every label with its probability. It ends by itself and bans
    nothing; `eos` is what its sources end with, and what the rows of others are fed.
    """

    kind: Literal["tokens"] = "tokens"
    bos: int = Field(ge=0)
    eos: int = Field(ge=0)
    never: tuple[int, ...] = ()
    prefixes: dict[str, tuple[int, ...]] = {}
    """Ids that the decoder is fed after `bos`, by `"en-fr"`-like language pair: the tag of the
    target language say. They are no output, and `limits.max_target` does not count them."""
    labels: tuple[Annotated[str, Field(min_length=1)], ...] = ()


class ValueDecoding(Part):
    """Decode a numeric series of a fixed number of steps.

    The first step is fed `start` [features], every other one what the step before it returned.
    """

    kind: Literal["values"] = "values"
    start: tuple[FiniteFloat, ...] = Field(min_length=1)
    steps: int = Field(ge=1)


class Limits(Part):
    """How much one item may hold, in tokens (or steps)."""

    max_source: int = Field(ge=1)
    max_target: int = Field(ge=1)
    min_source: int = Field(1, ge=1)
    """Steps that a series must have; texts may be as short as they like."""

    @model_validator(mode="after")
    def _some_source_fits(self) -> Limits:
        if self.min_source > self.max_source:
            raise ValueError(
                f"no source has {self.min_source} steps or more (`min_source`) and at most "
                f"{self.max_source} (`max_source`): lower the one or raise the other"
            )
        return self


class Generation(Part):
    """Default options of a request."""

    beam_size: int = Field(4, ge=1, le=16)
    length_penalty: float = Field(1.0, ge=0.0, le=5.0)
    no_repeat_ngram_size: int = Field(0, ge=0, le=16)
    """No run of so many tokens comes twice; 0 allows all."""
    max_ratio: float = Field(2.0, gt=0)
    """Outputs stop after `max_ratio` x source tokens + `max_extra` tokens unless told otherwise."""
    max_extra: int = Field(16, ge=0)


class LanguagePair(Part):
    """A source and a target language, as BCP 47 tags."""

    source: str
    target: str


class TextProcessing(Part):
    """How text becomes ids and back."""

    normalizer: Literal["standard"] = "standard"
    tokenizer: Literal["subword", "word", "char"]
    source_file: str = ""
    """Empty where the source is no text, an image say."""
    target_file: str = ""
    """Empty where the target is no text, a label say."""
    append_eos: bool = True
    """Whether the source ends with `eos`."""


class ImageProcessing(Part):
    """How an image becomes the model's input, and what its memory is."""

    resize: Literal["stretch"] = "stretch"
    grid: tuple[int, int] | None = None
    """Rows and columns of the places that the decoder attends to, row by row; left out, the grid
    has the proportions of the image."""


class Metric(Part):
    """One measured figure; `target` is the language written, where a model writes several."""

    name: str
    value: float
    dataset: str
    split: str
    signature: str = ""
    decoding: str = ""
    target: str = ""


class Golden(Part):
    """An example with its output, decoded again on export and by `verify_artifact.py`.

    Texts must come out exactly; numbers may each differ by `tolerance`. `target` is the language to
    write; the first of the model's where it is empty.
    """

    input: JsonValue
    options: dict[str, JsonValue] = {}
    output: JsonValue
    tolerance: float = Field(0.0, ge=0.0)
    target: str = ""


class Licence(Part):
    """One data set that the model was trained on."""

    dataset: str
    licence: str
    commercial_use: bool
    attribution: str = ""


class Training(Part):
    """How to train the model again."""

    command: str
    revision: str
    seed: int
    recipe: str
    history: tuple[dict[str, float], ...] = ()


class FileEntry(Part):
    """One file of the artifact; `path` is relative, with forward slashes."""

    path: str
    size: int = Field(ge=0)
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")

    @field_validator("path")
    @classmethod
    def _path_stays_inside(cls, path: str) -> str:
        pure = PurePosixPath(path)
        if (
            pure.is_absolute()
            or ".." in pure.parts
            or "\\" in path
            or ":" in path
            or not pure.parts
        ):
            raise ValueError(f"{path!r} leaves the artifact's folder")
        return path
