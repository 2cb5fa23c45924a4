"""`manifest.json`: everything that serving knows about a model; nothing is guessed.

The keys of `signatures` are the SavedModel signatures, `encode` (in `encoder/`) and `step` (in
`decoder/`). Tensor names carry their part: `tokens`, `image`, `values`, `mask` are sources;
`memory_*` is written once by `encode` and read by every `step`; `state_*` is written by `encode`,
and read and written by every `step`; `token` or `value` is a step's input, `logits` or `value` and
`attention` are its outputs.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, JsonValue, model_validator

from app.artifacts.sections import (
    FileEntry,
    Generation,
    Golden,
    ImageProcessing,
    LanguagePair,
    Licence,
    Limits,
    Metric,
    Part,
    Signature,
    Signatures,
    Tensor,
    TextProcessing,
    TokenDecoding,
    Training,
    ValueDecoding,
)

FORMAT_VERSION = "1.0"
MANIFEST = "manifest.json"

__all__ = [
    "FORMAT_VERSION",
    "MANIFEST",
    "FileEntry",
    "Generation",
    "Golden",
    "ImageProcessing",
    "LanguagePair",
    "Licence",
    "Limits",
    "Manifest",
    "Metric",
    "Signature",
    "Signatures",
    "Tensor",
    "TextProcessing",
    "TokenDecoding",
    "Training",
    "ValueDecoding",
]


class Manifest(Part):
    """The whole of `manifest.json`."""

    format_version: str = Field(FORMAT_VERSION, pattern=r"^\d+\.\d+$")
    name: str = Field(pattern=r"^[a-z0-9][a-z0-9._-]*$")
    version: int = Field(ge=1)
    task: Literal["translate", "summarize", "caption", "generate"]
    summary: str
    languages: tuple[LanguagePair, ...] = ()
    source_kind: Literal["text", "image", "series"]
    target_kind: Literal["text", "series", "label"]
    architecture: dict[str, JsonValue] = Field(default_factory=dict)
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
            if self.task != "caption":
                raise ValueError(
                    "only the route of captions takes images: set the `task` of a model of images "
                    f'to "caption", not "{self.task}"'
                )
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
                ends = () if decoding.labels else (decoding.bos, decoding.eos)
                fed = (token for prefix in decoding.prefixes.values() for token in prefix)
                ids = (*decoding.never, *ends, *fed)
                if not all(0 <= token < vocabulary for token in ids):
                    raise ValueError(f"decoding names ids beyond the {vocabulary} of `logits`")
            case _:
                raise ValueError("a model of tokens returns `logits` float32 [batch, vocabulary]")
        return self

    @model_validator(mode="after")
    def _prefixes_are_of_its_pairs(self) -> Manifest:
        if isinstance(self.decoding, TokenDecoding):
            pairs = {f"{pair.source}-{pair.target}" for pair in self.languages}
            strange = sorted(set(self.decoding.prefixes) - pairs)
            if strange:
                raise ValueError(f"`prefixes` names {strange}, which `languages` does not")
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
