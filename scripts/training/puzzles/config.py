"""What a recipe says of a puzzle."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field, model_validator

from scripts.training.puzzles.rules import DRAWN, OF_WORDS


class PuzzleSection(BaseModel):
    """Pairs that a rule makes; a hash of their keys, and `seed`, says which split they are in.

    `examples` are drawn, evenly of the lengths from `shortest` to `longest`, and each is kept once.
    What a length is depends on the rule. A rule of words takes all words of the corpora's sources
    instead.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    rule: str
    examples: int = Field(50_000, ge=1)
    shortest: int = Field(1, ge=1)
    longest: int = Field(1, ge=1)
    apart: tuple[int, ...] = ()  # lengths whose figures are told beside those of all
    held_out: float = Field(0.1, gt=0, lt=0.5)  # the share that is measured and never trained on
    validated: float = Field(0.02, gt=0, lt=0.5)  # the share that chooses the weights
    seed: int = 1

    @property
    def of_words(self) -> bool:
        """Whether its rule turns words into others."""
        return self.rule in OF_WORDS

    @model_validator(mode="after")
    def _rule_exists(self) -> PuzzleSection:
        if self.rule not in {**DRAWN, **OF_WORDS}:
            known = ", ".join([*DRAWN, *OF_WORDS])
            raise ValueError(f"there is no rule {self.rule!r}; there is: {known}")
        if self.shortest > self.longest:
            raise ValueError("data.puzzle.shortest is above data.puzzle.longest")
        return self
