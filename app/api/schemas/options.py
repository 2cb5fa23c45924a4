"""How a request wants its outputs decoded; all tasks take these options."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, FiniteFloat

from app.api.schemas.base import Wire
from app.tasks.options import SEEDS, Options


class DecodingOptions(Wire):
    """How to decode; what is left out is the model's own default (see `/v1/models`)."""

    beam_size: Annotated[int | None, Field(ge=1, le=16)] = Field(
        None, description="Hypotheses kept at each step; 1 is greedy."
    )
    n_best: Annotated[int | None, Field(ge=1, le=16)] = Field(
        None,
        description="Outputs for each item, at most `beam_size` unless they are sampled; "
        "1 if left out.",
    )
    max_tokens: Annotated[int | None, Field(ge=1, le=1_000_000)] = Field(
        None, description="Tokens of an output, at most the model's `max_target`."
    )
    min_tokens: Annotated[int | None, Field(ge=0, le=1_000_000)] = Field(
        None, description="The model may not end an output before so many tokens."
    )
    length_penalty: Annotated[FiniteFloat | None, Field(ge=0.0, le=5.0)] = Field(
        None, description="Scores are log p / length^penalty: more favours longer outputs."
    )
    no_repeat_ngram_size: Annotated[int | None, Field(ge=0, le=16)] = Field(
        None,
        description="No run of so many tokens, 2 or more, comes twice in an output; 0 allows all.",
    )
    repetition_guard: bool = Field(
        True, description="Break loops: a phrase may follow itself three times at most."
    )
    prefix: Annotated[str | None, Field(max_length=2000)] = Field(
        None, description="What every output must begin with."
    )
    temperature: Annotated[FiniteFloat | None, Field(ge=0.01, le=10.0)] = Field(
        None, description="Sample instead of searching; below 1 keeps to the probable."
    )
    top_k: Annotated[int | None, Field(ge=1, le=256)] = Field(
        None, description="Sample among so many of the most probable tokens; 256 if left out."
    )
    top_p: Annotated[FiniteFloat | None, Field(gt=0.0, le=1.0)] = Field(
        None, description="Sample among the fewest tokens that together are so probable."
    )
    seed: Annotated[int | None, Field(ge=0, lt=SEEDS)] = Field(
        None, description="The same seed draws the same outputs; left out, a new one is used."
    )

    def decoding(self) -> Options:
        """Return the options as tasks take them."""
        return Options(**self.model_dump(include=set(DecodingOptions.model_fields)))
