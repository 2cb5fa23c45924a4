"""A recipe for a classifier of texts, and for what it reads before it sees a label."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from scripts.training.config import EncoderSection, FitSection, OtherFit, TokenizerSection
from scripts.training.names import CellName

PRETRAIN, CLASSIFY = "pretrain", "classify"
TASKS = (PRETRAIN, CLASSIFY)


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Table(_Section):
    """A table under the data folder whose column `text` is read; `split` leaves other rows out."""

    path: str
    text: str = "text"
    split: str | None = None
    licence: str
    commercial_use: bool
    attribution: str


class Unlabelled(Table):
    """Texts to learn from without a label; with `learn` off they only lend their words."""

    learn: bool = True


class Labelled(Table):
    """Texts with their labels: `names` says what each value of the column `label` is called.

    The rows of `split` are learnt from, those of `test_split` measured. A table without splits is
    dealt into `folds` instead, the rows of each label in turn, as they stand in the file: `fold` is
    measured, the others are learnt from. Of what is learnt from the share `validated`, by a hash of
    its texts, only chooses.
    """

    split: str | None = "train"
    label: str = "label"
    names: dict[str, str] = Field(min_length=2)
    validated: float = Field(0.1, gt=0, lt=0.5)
    test_split: str = "test"
    folds: int | None = Field(None, ge=2)
    fold: int = Field(0, ge=0)

    @model_validator(mode="after")
    def _fold_exists(self) -> Labelled:
        if self.fold >= (self.folds or 1):
            raise ValueError(f"fold {self.fold} is none of {self.folds or 0}: the first is 0")
        return self


class TextData(_Section):
    """What is read. Of a long text the model sees the last `last_tokens`, its end token included.

    `max_source`: what the service reads at most, from the beginning.
    """

    language: str
    last_tokens: int = Field(400, ge=2)
    max_source: int = Field(4096, ge=2)
    texts: tuple[Unlabelled, ...] = Field(min_length=1)
    labelled: Labelled | None = None


class ReadingSection(_Section):
    """The word vectors; `dropout` acts on them and on what the label is told from.

    `word_dropout`: the share of words that are not seen at all in training.
    """

    embedding: int = Field(128, ge=1)
    dropout: float = Field(0.2, ge=0, lt=1)
    word_dropout: float = Field(0.0, ge=0, lt=1)


class ReaderSection(_Section):
    """The recurrent layers, which read from left to right only: a language model may not look on.

    A recipe of pairs begins from one with `encoder.kind = "recurrent"`, `bidirectional = false` and
    these keys.
    """

    cell: CellName = "lstm"
    layers: int = Field(1, ge=1)
    units: int = Field(256, ge=1)

    @property
    def section(self) -> EncoderSection:
        """The same as part of a recipe of pairs."""
        return EncoderSection(kind="recurrent", bidirectional=False, **self.model_dump())


class PretrainSection(_Section):
    """What is learnt from texts alone.

    `lm`: the next word. `sa`: to say again what was read, with the very layers that read it.
    """

    objective: Literal["lm", "sa"] = "lm"
    window: int = Field(128, ge=4)  # words in a row of a batch; `sa` reads half of it
    drawn: int = Field(2048, ge=1)  # words that each right one is told from (sampled softmax)
    validation_words: int = Field(50_000, ge=1)

    @model_validator(mode="after")
    def _window_has_halves(self) -> PretrainSection:
        if self.window % 2:
            raise ValueError("pretrain.window must be even: `sa` reads half of it")
        return self


class ClassifySection(_Section):
    """How labels are learnt; they are always told after the last word.

    `last`: learnt there only. `gain`: at every word, with a weight that rises evenly from 0 at the
    first to its greatest at the last. `joint` weighs the next word's nats beside the label's.
    """

    learnt: Literal["last", "gain"] = "gain"
    joint: float = Field(0.0, ge=0)


class Examples(_Section):
    """Texts that become golden examples."""

    golden: tuple[str, ...] = ()


class LabelRecipe(_Section):
    """One experiment: `pretrain` ends with weights, `classify` with an artifact."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$")
    version: int = Field(1, ge=1)
    task: Literal["pretrain", "classify"]
    summary: str
    limits: str  # what the model is not for, in its card
    data: TextData
    tokenizer: TokenizerSection = TokenizerSection(kind="plain", vocabulary=20_000, lowercase=True)
    model: ReadingSection = ReadingSection()
    encoder: ReaderSection = ReaderSection()
    pretrain: PretrainSection = PretrainSection()
    classify: ClassifySection = ClassifySection()
    fit: OtherFit = FitSection()
    evaluate: Examples = Examples()

    @model_validator(mode="after")
    def _labels_are_there(self) -> LabelRecipe:
        if self.task == "classify" and self.data.labelled is None:
            raise ValueError("the task `classify` needs data.labelled")
        if self.task == "classify" and not self.evaluate.golden:
            raise ValueError("the task `classify` needs evaluate.golden")
        return self

    @property
    def labelled(self) -> Labelled:
        """The table with the labels; only of the task `classify`."""
        assert self.data.labelled is not None, "checked on load: this is a bug"
        return self.data.labelled
