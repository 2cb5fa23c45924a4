"""How often a classifier is wrong: in training, and as an artifact, by the engine that serves."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from keras import ops

from app.artifacts.manifest import Golden, Metric
from app.artifacts.store import Artifact
from scripts.training.asking import labels_of
from scripts.training.batches import Batch
from scripts.training.decoding import Decoder
from scripts.training.labels.config import LabelRecipe
from scripts.training.labels.corpus import read_examples
from scripts.training.model.reader import Classifier

TOLERANCE = 1e-4  # by how much a probability may differ from machine to machine


def error_of(model: Classifier, batches: Sequence[Batch]) -> float:
    """Return the percentage of rows whose likeliest label is not theirs."""
    wrong = rows = 0
    for batch in batches:
        said: Any = model.predict_on_batch((batch.source, batch.inputs))["last"]
        likeliest = np.argmax(ops.convert_to_numpy(said), axis=-1) + 1
        there = batch.labels > 0
        wrong += int(np.count_nonzero(there & (likeliest != batch.labels)))
        rows += int(np.count_nonzero(there))
    return 100.0 * wrong / rows


def measure_labels(
    artifact: Artifact, recipe: LabelRecipe, data: Path, split: str = "test"
) -> tuple[Metric, ...]:
    """Return the percentage of texts of `split` whose likeliest label is not theirs."""
    # Neighbours of one length waste the least padding.
    examples = sorted(read_examples(recipe, data, split), key=lambda one: len(one.text))
    with Decoder(artifact) as decoder:
        results = decoder.go_on([one.text for one in examples])
    pairs = zip(results, examples, strict=True)
    wrong = sum(result.hypotheses[0].tokens[0] != one.label for result, one in pairs)
    about = recipe.labelled
    fold = f", fold {about.fold} of {about.folds}" if about.folds else ""
    metric = Metric(
        name="error",
        value=round(100.0 * wrong / len(examples), 4),
        dataset=Path(about.path).name.split(".")[0],
        split=split,
        signature=f"n:{len(examples)}{fold}",
        decoding="likeliest label",
    )
    return (metric,)


def golden_labels(artifact: Artifact, texts: Sequence[str]) -> tuple[Golden, ...]:
    """Return each of `texts` with what the model says of it."""
    with Decoder(artifact) as decoder:
        results = decoder.go_on(texts)
    names = artifact.manifest.labels
    return tuple(
        Golden(input=text, output=labels_of(result, names), tolerance=TOLERANCE)
        for text, result in zip(texts, results, strict=True)
    )
