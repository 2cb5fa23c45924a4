"""`manifest.json`: everything that serving knows about a model; nothing is guessed.

The keys of `signatures` are the SavedModel signatures, `encode` (in `encoder/`) and `step` (in
`decoder/`). Tensor names carry their part: `tokens`, `image`, `values`, `mask` are sources;
`memory_*` is written once by `encode` and read by every `step`; `state_*` is written by `encode`,
and read and written by every `step`; `token` or `value` is a step's input, `logits` or `value` and
`attention` are its outputs.
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

FORMAT_VERSION = "1.0"
MANIFEST = "manifest.json"
Axis = Literal["batch", "source"] | Annotated[int, Field(ge=1)]
Dtype = Literal["int32", "int64", "float32", "float16", "bfloat16", "bool", "uint8"]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Tensor(_Part):
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


class Signature(_Part):
    """The named inputs and outputs of one SavedModel signature."""

    inputs: dict[str, Tensor]
    outputs: dict[str, Tensor]


class Signatures(_Part):
    """The two signatures of an encoder-decoder model."""

    encode: Signature
    step: Signature


class TokenDecoding(_Part):
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
    """Ids that every output begins with, by `"en-fr"`-like language pair; not part of the text."""
    labels: tuple[Annotated[str, Field(min_length=1)], ...] = ()


class ValueDecoding(_Part):
    """Decode a numeric series of a fixed number of steps.

    The first step is fed `start` [features], every other one what the step before it returned.
    """

    kind: Literal["values"] = "values"
    start: tuple[FiniteFloat, ...] = Field(min_length=1)
    steps: int = Field(ge=1)


class Limits(_Part):
    """How much one item may hold, in tokens (or steps)."""

    max_source: int = Field(ge=1)
    max_target: int = Field(ge=1)
    min_source: int = Field(1, ge=1)
    """Steps that a series must have; texts may be as short as they like."""


class Generation(_Part):
    """Default options of a request."""

    beam_size: int = Field(4, ge=1, le=16)
    length_penalty: float = Field(1.0, ge=0.0, le=5.0)
    max_ratio: float = Field(2.0, gt=0)
    """Outputs stop after `max_ratio` x source tokens + `max_extra` tokens unless told otherwise."""
    max_extra: int = Field(16, ge=0)


class LanguagePair(_Part):
    """A source and a target language, as BCP 47 tags."""

    source: str
    target: str


class TextProcessing(_Part):
    """How text becomes ids and back."""

    normalizer: Literal["standard"] = "standard"
    tokenizer: Literal["subword", "word", "char"]
    source_file: str = ""
    """Empty where the source is no text, an image say."""
    target_file: str = ""
    """Empty where the target is no text, a label say."""
    append_eos: bool = True
    """Whether the source ends with `eos`."""


class ImageProcessing(_Part):
    """How an image becomes the model's input, and what its memory is."""

    resize: Literal["stretch"] = "stretch"
    grid: tuple[int, int] | None = None
    """Rows and columns of the places that the decoder attends to, row by row; left out, the grid
    has the proportions of the image."""


class Metric(_Part):
    """One measured figure."""

    name: str
    value: float
    dataset: str
    split: str
    signature: str = ""
    decoding: str = ""


class Golden(_Part):
    """An example with its output, decoded again on export and by `verify_artifact.py`.

    Texts must come out exactly; numbers may each differ by `tolerance`.
    """

    input: JsonValue
    options: dict[str, JsonValue] = {}
    output: JsonValue
    tolerance: float = Field(0.0, ge=0.0)


class Licence(_Part):
    """One data set that the model was trained on."""

    dataset: str
    licence: str
    commercial_use: bool
    attribution: str = ""


class Training(_Part):
    """How to train the model again."""

    command: str
    revision: str
    seed: int
    recipe: str
    history: tuple[dict[str, float], ...] = ()


class FileEntry(_Part):
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


class Manifest(_Part):
    """The whole of `manifest.json`."""

    format_version: str = Field(FORMAT_VERSION, pattern=r"^\d+\.\d+$")
    name: str = Field(pattern=r"^[a-z0-9][a-z0-9._-]*$")
    version: int = Field(ge=1)
    task: Literal["translate", "summarize", "caption", "generate"]
    summary: str
    languages: tuple[LanguagePair, ...] = ()
    source_kind: Literal["text", "image", "series"]
    target_kind: Literal["text", "series", "label"]
    architecture: dict[str, JsonValue] = {}
    parameters: int = Field(ge=0)
    signatures: Signatures
    decoding: Annotated[TokenDecoding | ValueDecoding, Field(discriminator="kind")]
    limits: Limits
    generation: Generation = Generation()
    text: TextProcessing | None = None
    image: ImageProcessing | None = None
    metrics: tuple[Metric, ...] = ()
    golden: tuple[Golden, ...] = ()
    licences: tuple[Licence, ...] = ()
    commercial_use: bool
    training: Training
    files: tuple[FileEntry, ...] = ()

    @property
    def states(self) -> dict[str, Tensor]:
        """The `state_*` tensors, by name, in sorted order."""
        return self._outputs("state_")

    @property
    def memories(self) -> dict[str, Tensor]:
        """The `memory_*` tensors, `memory_mask` among them, by name, in sorted order."""
        return self._outputs("memory_")

    def _outputs(self, prefix: str) -> dict[str, Tensor]:
        outputs = self.signatures.encode.outputs
        return {name: outputs[name] for name in sorted(outputs) if name.startswith(prefix)}

    @property
    def attends(self) -> bool:
        """Whether a step returns attention weights."""
        return "attention" in self.signatures.step.outputs

    @property
    def image_size(self) -> tuple[int, int]:
        """Height and width of the images that `encode` takes; only for models of images."""
        height, width = self.signatures.encode.inputs["image"].axes[1:3]
        assert isinstance(height, int), "checked on load: this is a bug"
        assert isinstance(width, int), "checked on load: this is a bug"
        return height, width

    @property
    def labels(self) -> tuple[str, ...]:
        """The names of the labels that it tells apart; () where it is no classifier."""
        return self.decoding.labels if isinstance(self.decoding, TokenDecoding) else ()

    @property
    def source_features(self) -> int:
        """Numbers in each step of the series that `encode` takes; only for models of series."""
        features = self.signatures.encode.inputs["values"].axes[2]
        assert isinstance(features, int), "checked on load: this is a bug"
        return features

    @model_validator(mode="after")
    def _source_is_of_its_kind(self) -> Manifest:
        if self.source_kind == "text" and self.text is not None and not self.text.source_file:
            raise ValueError("a model of texts needs `text.source_file`")
        wanted = {"translate": "text", "summarize": "text", "caption": "image"}
        if wanted.get(self.task, self.source_kind) != self.source_kind:
            raise ValueError(f"a model that can {self.task} takes {wanted[self.task]}s")
        if self.source_kind == "image":
            match self.signatures.encode.inputs:
                case {"image": Tensor(dtype="uint8", axes=("batch", int(), int(), 3))}:
                    pass
                case _:
                    raise ValueError("a model of images takes `image` uint8 [batch, H, W, 3]")
        if self.source_kind == "series":
            match self.signatures.encode.inputs:
                case {
                    "values": Tensor(dtype="float32", axes=("batch", "source", int())),
                    "mask": Tensor(dtype="bool", axes=("batch", "source"), pad=False),
                    **others,
                } if not others:
                    pass
                case _:
                    raise ValueError(
                        "a model of series takes `values` float32 [batch, source, N] and `mask` "
                        "bool [batch, source], padded with false"
                    )
        return self

    @model_validator(mode="after")
    def _target_is_of_its_kind(self) -> Manifest:
        step, decoding = self.signatures.step, self.decoding
        if isinstance(decoding, ValueDecoding):
            value = Tensor(dtype="float32", axes=("batch", len(decoding.start)))
            if step.outputs.get("value") != value or step.inputs.get("value", value) != value:
                raise ValueError(f"step must take and return `value` as {value.axes}, as `start`")
            if self.target_kind != "series" or self.limits.max_target < decoding.steps:
                raise ValueError("a model that decodes values writes series, within max_target")
            return self
        if self.target_kind != ("label" if decoding.labels else "text"):
            raise ValueError("a model that decodes tokens writes text, or labels that have names")
        if self.target_kind == "text" and self.text is not None and not self.text.target_file:
            raise ValueError("a model that writes text needs `text.target_file`")
        if decoding.labels:
            count = len(decoding.labels)
            if len(set(decoding.labels)) < count or decoding.never or self.limits.max_target != 1:
                raise ValueError(
                    "a classifier bans nothing, writes one token, and names no two alike"
                )
            logits = step.outputs.get("logits")
            if logits is None or logits.axes != ("batch", count):
                raise ValueError(
                    f"a classifier of {count} labels returns `logits` [batch, {count}]"
                )
        return self

    @model_validator(mode="after")
    def _tokens_are_in_the_vocabulary(self) -> Manifest:
        decoding = self.decoding
        if self.task != "generate" and self.target_kind != "text":
            raise ValueError(f"a model that can {self.task} writes text; others `generate`")
        if isinstance(decoding, ValueDecoding):
            return self
        match self.signatures.step.outputs.get("logits"):
            case Tensor(dtype="float32", axes=("batch", int(vocabulary))):
                ids = (*decoding.never, *(() if decoding.labels else (decoding.bos, decoding.eos)))
                if not all(0 <= token < vocabulary for token in ids):
                    raise ValueError(f"decoding names ids beyond the {vocabulary} of `logits`")
            case _:
                raise ValueError("a model of tokens returns `logits` float32 [batch, vocabulary]")
        return self

    @model_validator(mode="after")
    def _parts_agree(self) -> Manifest:
        encoded, step = self.signatures.encode.outputs, self.signatures.step
        for name, tensor in encoded.items():
            if not name.startswith(("state_", "memory_")):
                raise ValueError(f"encode returns {name!r}: neither state_* nor memory_*")
            if step.inputs.get(name, tensor) != tensor:
                raise ValueError(f"encode and step disagree about {name!r}")
        for name in self.states:
            if step.outputs.get(name) != encoded[name]:
                raise ValueError(f"step does not return {name!r} as encode does")
        unknown = set(step.inputs) - set(encoded) - {"token", "value"}
        if unknown:
            raise ValueError(f"step wants {sorted(unknown)}, which encode does not return")
        if any(n != "memory_mask" for n in self.memories) and "memory_mask" not in encoded:
            raise ValueError("where there is memory there must be `memory_mask`")
        if self.commercial_use and not all(entry.commercial_use for entry in self.licences):
            raise ValueError("commercial_use contradicts a licence of the data")
        return self
