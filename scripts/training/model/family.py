"""Which model a recipe describes."""

from __future__ import annotations

from scripts.training.config import Recipe
from scripts.training.model.captioner import Captioner
from scripts.training.model.seq2seq import Seq2Seq

MODELS: dict[str, type[Seq2Seq]] = {
    "transformer": Seq2Seq,
    "recurrent": Seq2Seq,
    "image": Captioner,
}


def make_model(recipe: Recipe, vocabulary: int) -> Seq2Seq:
    """Return the model of `recipe` over `vocabulary` ids, with every weight created."""
    return MODELS[recipe.encoder.kind](recipe, vocabulary)
