"""Tiny recipes, models with loud weights, and their artifacts, for the tests of training."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from keras import ops
from numpy.typing import NDArray
from tokenizers import Tokenizer as Backend

from app.artifacts.manifest import (
    LanguagePair,
    Limits,
    Manifest,
    TextProcessing,
    TokenDecoding,
    Training,
)
from app.artifacts.store import Artifact
from app.artifacts.writer import write_artifact
from scripts.training.config import Recipe
from scripts.training.model.seq2seq import Seq2Seq
from scripts.training.savedmodel import save_models


def tiny_recipe(**parts: Any) -> Recipe:
    """Return a recipe that says no more than it must and what `parts` say.

    `data` needs to name only what is not English to French without corpora.
    """
    data = {"source_language": "en", "target_language": "fr", "corpora": []}
    least = {
        "name": "tiny",
        "task": "translate",
        "summary": "-",
        "limits": "-",
        "evaluate": {"golden": ["-"]},
    }
    return Recipe.model_validate({**least, **parts, "data": {**data, **parts.get("data", {})}})


def loud(model: Seq2Seq) -> Seq2Seq:
    """Return `model` with weights so large that every part of it matters."""
    generator = np.random.default_rng(7)
    for variable in model.weights:
        variable.assign(generator.normal(0.0, 0.6, variable.shape).astype(np.float32))
    return model


def step_by_step(model: Seq2Seq, source: NDArray[np.int32], inputs: NDArray[np.int32]) -> Any:
    """Return logits [batch, target, vocabulary] and attention [batch, target, source] or None."""
    tensors = model.encode(ops.convert_to_tensor(source))
    logits, attention = [], []
    for token in inputs.T:
        out = model.step({**tensors, "token": ops.convert_to_tensor(token)})
        logits.append(ops.convert_to_numpy(out.pop("logits")))
        if "attention" in out:
            attention.append(ops.convert_to_numpy(out.pop("attention")))
        tensors |= out
    return np.stack(logits, axis=1), np.stack(attention, axis=1) if attention else None


def write_tiny(
    folder: Path, recipe: Recipe, model: Seq2Seq, tokenizer: Backend, **changes: Any
) -> Artifact:
    """Export `model` to `folder`/NAME/1; `changes` go into its manifest."""
    signatures = save_models(model, folder / "built")
    pair = LanguagePair(source=recipe.data.source_language, target=recipe.data.target_language)
    about = {
        "format_version": "1.0",
        "name": recipe.name,
        "version": 1,
        "task": recipe.task,
        "summary": "-",
        "languages": (pair,),
        "source_kind": "text",
        "target_kind": "text",
        "parameters": 0,
        "signatures": signatures,
        "decoding": TokenDecoding(bos=1, eos=2, never=(0, 1, 3)),
        "limits": Limits(max_source=8, max_target=8),
        "text": TextProcessing(
            tokenizer="char", source_file="source.json", target_file="source.json"
        ),
        "commercial_use": True,
        "training": Training(command="-", revision="-", seed=1, recipe=recipe.name),
    }

    def fill(place: Path) -> None:
        for part in ("encoder", "decoder"):
            (folder / "built" / part).rename(place / part)
        tokenizer.save(str(place / "source.json"))

    place = folder / recipe.name / "1"
    return write_artifact(place, Manifest(**{**about, **changes}), fill, lambda _: None)
