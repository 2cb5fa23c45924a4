"""A recipe: everything that defines one experiment, read from one TOML file."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from app.artifacts.manifest import Generation
from app.text.script import spaceless
from scripts.training.combinations import (
    check_decoder,
    check_recipe,
    complete_decoder,
    spread_depth,
)
from scripts.training.names import AttentionName, CellName, ConditioningName
from scripts.training.puzzles.config import PuzzleSection


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Corpus(_Section):
    """One table of pairs under the data folder."""

    path: str
    source: str
    target: str
    licence: str
    commercial_use: bool
    attribution: str
    target_language: str | None = None
    """What the column `target` is in, where it is not `data.target_language`."""
    train: bool = True
    validate_on: bool = False
    take: int | None = Field(None, ge=1)
    """Draw so many training pairs, by the seed and always the same; all, if there are fewer."""
    repeat: int = Field(1, ge=1)
    shortest: int | None = Field(None, ge=1)
    """Train on this many pairs only, those with the shortest sources in characters."""
    max_characters: int | None = Field(None, ge=1)
    """Leave out pairs with a longer source, from validation too."""
    min_overlap: float = Field(0.0, ge=0.0, le=1.0)
    """Leave a training pair out unless this share of its target's units stand in its source."""
    min_facts: float = Field(0.0, ge=0.0, le=1.0)
    """The same for its facts: numbers, and capitalised words but the first."""


class Data(_Section):
    """Which corpora, and how long a pair may be in tokens; longer ones are left out or cut.

    With a `puzzle` the pairs are made by its rule; corpora only lend it their words. Where corpora
    differ in their target languages, every output begins with the tag of its own
    (`scripts.training.tags`), which takes one of the `max_target` places.
    """

    source_language: str
    target_language: str
    max_source: int = Field(128, ge=2)
    max_target: int = Field(128, ge=2)
    views: int = Field(1, ge=1)  # of each training picture: as it is, then flipped and cropped
    truncate_source: bool = False
    truncate_target: bool = False
    corpora: tuple[Corpus, ...] = ()
    puzzle: PuzzleSection | None = None

    @property
    def spaceless(self) -> bool:
        """Whether the target language is written without spaces: its units are characters."""
        return spaceless(self.target_language)

    @property
    def target_languages(self) -> tuple[str, ...]:
        """Every language that the model writes, once, `target_language` first."""
        own = (corpus.target_language for corpus in self.corpora if corpus.target_language)
        return tuple(dict.fromkeys((self.target_language, *own)))

    def language_of(self, about: Corpus | EvaluationSet) -> str:
        """Return the language of a table's targets."""
        return about.target_language or self.target_language


class TokenizerSection(_Section):
    """The joint vocabulary."""

    kind: Literal["subword", "elided", "word", "plain", "char", "tagged"] = "subword"
    vocabulary: int = Field(8000, ge=16)
    lowercase: bool = False  # the vocabulary has no capitals; nor has what the model writes
    dropout: float = Field(0.0, ge=0.0, lt=1.0)
    min_count: int = Field(1, ge=1)  # words (or characters) seen less often become `<unk>`


class EncoderSection(_Section):
    """The encoder and its size; from `backbone` on the keys are of the kind `image`."""

    kind: Literal["transformer", "recurrent", "image"] = "transformer"
    layers: int = Field(3, ge=1)
    units: int = Field(256, ge=1)
    heads: int = Field(4, ge=1)
    feed_forward: int = Field(1024, ge=1)
    cell: CellName = "lstm"
    bidirectional: bool = True
    backbone: Literal["efficientnet-lite0", "efficientnet-lite2", "inception-v3"] = (
        "efficientnet-lite0"
    )
    weights: str | None = None
    """A file under the data folder; without it, the package's, or what Keras downloads."""
    pooled: bool = False  # one vector for the whole picture instead of a grid
    tuned: int = Field(0, ge=0)  # the last stages of the backbone, fitted with the rest


class DecoderSection(_Section):
    """The decoder, how it is told of the source, and its size."""

    kind: Literal["recurrent", "transformer"] = "recurrent"
    cell: CellName = "lstm"
    layers: int = Field(1, ge=1)
    units: int = Field(256, ge=1)
    heads: int = Field(4, ge=1)  # this and the next are of the kind `transformer`
    feed_forward: int = Field(1024, ge=1)
    conditioning: ConditioningName = "attention"
    attention: AttentionName = "general"
    """What attends: `multi-head` in a Transformer, `none` in another conditioning."""
    window: int = Field(10, ge=1)
    """D of a local attention: it reads the D places before its centre and the D after it."""
    broadcast: bool = False
    """Start each layer from the last state of the encoder's layer of the same rank."""
    copying: bool = False  # point at source tokens beside generating (See et al. 2017)
    coverage: bool = False  # the pointer counts what it has pointed at

    @model_validator(mode="before")
    @classmethod
    def _one_key_implies_another(cls, keys: Any) -> Any:
        return complete_decoder(keys) if isinstance(keys, dict) else keys

    @model_validator(mode="after")
    def _parts_fit(self) -> DecoderSection:
        check_decoder(self)
        return self


class ModelSection(_Section):
    """What encoder and decoder share."""

    embedding: int = Field(256, ge=1)
    dropout: float = Field(0.1, ge=0.0, lt=1.0)


class FitSection(_Section):
    """How the weights are found."""

    epochs: int = Field(10, ge=1)
    batch_tokens: int = Field(2048, ge=64)
    few_shapes: bool = False
    """Pad texts to at most three shapes, as puzzles always are: a small model compiles longer than
    it computes what is padded."""
    learning_rate: float = Field(1e-3, gt=0)
    warmup_steps: int = Field(500, ge=1)
    final_rate: float = Field(0.02, ge=0, le=1)
    label_smoothing: float = Field(0.1, ge=0, lt=1)
    scheduled_sampling: float = Field(0.0, ge=0, le=1)
    """The share of the model's own tokens among the previous ones at the end; from none it rises
    evenly (Bengio et al. 2015)."""
    consistency: float = Field(0.0, ge=0)  # R-Drop's alpha (Wu et al. 2021); doubles the work
    clip_norm: float = Field(1.0, gt=0)
    average_decay: float = Field(0.999, ge=0, lt=1)
    initial_share: float = Field(0.0, ge=0, lt=1)
    """How much of `--init` is mixed into the result: WiSE-FT (Wortsman et al. 2022)."""
    validate_every: int = Field(500, ge=1)
    patience: int = Field(8, ge=1)
    encoder_rate: float = Field(0.1, ge=0, le=1)
    """What the learning rate is multiplied by for the tuned stages of an image backbone."""
    objective: Literal["likelihood", "cider"] = "likelihood"
    """`cider`: self-critical training of captions, to go on from a run that has been fitted."""
    checkpoint_minutes: float = Field(4.0, gt=0)
    seed: int = 1


OF_PAIRS = (
    "few_shapes",
    "label_smoothing",
    "scheduled_sampling",
    "consistency",
    "initial_share",
    "encoder_rate",
    "objective",
)
"""The keys of `fit` that only recipes of pairs (and of pictures with their captions) know."""


def _leave_pairs_alone(fit: FitSection) -> FitSection:
    for name in OF_PAIRS:
        if getattr(fit, name) != FitSection.model_fields[name].default:
            raise ValueError(f"{name} is for recipes of pairs and does nothing here: leave it out")
    return fit


OtherFit = Annotated[FitSection, AfterValidator(_leave_pairs_alone)]
"""How the weights of a model of other things than pairs are found."""


class EvaluationSet(_Section):
    """A test set to report on; `grouped` makes rows of one source its multiple references.

    `by` names a column whose values are reported apart, too; `seen` reports targets that also occur
    among the training targets apart from those that do not; `lead` scores the source's first words
    (characters where there are no spaces) beside the model; `max_characters` leaves out longer
    sources.
    """

    name: str
    path: str
    split: str = "test"
    source: str
    target: str
    target_language: str | None = None
    """What the column `target` is in, where it is not `data.target_language`."""
    grouped: bool = False
    by: str | None = None
    seen: bool = False
    lead: int | None = Field(None, ge=1)
    max_characters: int | None = Field(None, ge=1)


class EvaluateSection(_Section):
    """What is measured after training, and which sentences become golden examples."""

    metrics: tuple[
        Literal["bleu", "moses-bleu", "rouge", "facts", "length", "captions", "exact"], ...
    ] = ("bleu",)
    sets: tuple[EvaluationSet, ...] = ()
    golden: tuple[str, ...] = Field(min_length=1)


class Recipe(_Section):
    """One experiment."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$")
    version: int = Field(1, ge=1)
    task: Literal["translate", "summarize", "caption", "generate"]
    summary: str
    limits: str  # what the model is not for, in its card
    data: Data
    tokenizer: TokenizerSection = TokenizerSection()
    model: ModelSection = ModelSection()
    encoder: EncoderSection = EncoderSection()
    decoder: DecoderSection = DecoderSection()
    fit: FitSection = FitSection()
    generation: Generation = Generation()
    evaluate: EvaluateSection

    @model_validator(mode="before")
    @classmethod
    def _depth_is_of_both(cls, keys: Any) -> Any:
        return spread_depth(keys) if isinstance(keys, dict) else keys

    @model_validator(mode="after")
    def _parts_fit(self) -> Recipe:
        check_recipe(self)
        return self


def load_recipe(path: Path) -> Recipe:
    """Read and check a recipe.

    Its key `base` may name another recipe beside it: what it does not say itself is said there.
    Tables are merged key by key; a list replaces the other's.

    Raises:
        OSError: the file, or its base, cannot be read.
        tomllib.TOMLDecodeError: it is not TOML.
        ValueError: bases go round in a circle.
        pydantic.ValidationError: a key is missing, unknown or out of range.
    """
    return Recipe.model_validate(read_keys(path))


def decoded_as(recipe: Recipe, other: Recipe) -> Recipe:
    """Return `recipe` with what `other` says of decoding and evaluation, which are no training."""
    return recipe.model_copy(update={"generation": other.generation, "evaluate": other.evaluate})


def read_keys(path: Path) -> dict[str, Any]:
    """Return a recipe's keys, its base's among them, unchecked; raises as `load_recipe` does."""
    return _keys(path, ())


def _keys(path: Path, children: tuple[Path, ...]) -> dict[str, Any]:
    if path in children:
        raise ValueError(f"the recipe {path.name} is its own base")
    keys = tomllib.loads(path.read_text(encoding="utf-8"))
    base = keys.pop("base", None)
    return keys if base is None else _merged(_keys(path.parent / base, (*children, path)), keys)


def _merged(base: dict[str, Any], own: dict[str, Any]) -> dict[str, Any]:
    """Return `base` with what `own` says: {a: {x: 1, y: 2}} and {a: {y: 3}}: {a: {x: 1, y: 3}}."""
    both = {
        key: _merged(base[key], value)
        for key, value in own.items()
        if isinstance(value, dict) and isinstance(base.get(key), dict)
    }
    return {**base, **own, **both}
