"""A real classifier that a person can check: how many words has a text?

Its labels `one`, `four` and `nine` have the logits -|n - 1|, -|n - 4| and -|n - 9|, n being the
number of words read (end token aside): of four words the probabilities are as e^-3 : 1 : e^-5.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from app.artifacts.manifest import (
    Golden,
    Limits,
    Manifest,
    Signature,
    Signatures,
    Tensor,
    TextProcessing,
    TokenDecoding,
)
from app.artifacts.store import Artifact
from app.artifacts.writer import write_artifact
from app.text.tokenizer import BOS, EOS, PAD
from tests.fakes.saving import save, tensorflow
from tests.fakes.toy_artifact import SOURCE_WORDS, _manifest, word_tokenizer

LABELS = ("one", "four", "nine")
NUMBERS = (1.0, 4.0, 9.0)


def labels_manifest(name: str = "toy-count") -> Manifest:
    """The manifest of a classifier that reads the first 8 words."""
    tokens = Tensor(dtype="int32", axes=("batch", "source"))
    state = {"state_count": Tensor(dtype="float32", axes=("batch",))}
    logits = {"logits": Tensor(dtype="float32", axes=("batch", len(LABELS)))}
    golden = [["four", 0.946499], ["one", 0.047123], ["nine", 0.006377]]
    changes: dict[str, Any] = {
        "task": "generate",
        "summary": "Says how many words there are; for tests.",
        "languages": (),
        "target_kind": "label",
        "signatures": Signatures(
            encode=Signature(inputs={"tokens": tokens}, outputs=state),
            step=Signature(inputs=state, outputs={**logits, **state}),
        ),
        "decoding": TokenDecoding(bos=BOS, eos=EOS, labels=LABELS),
        "limits": Limits(max_source=9, max_target=1),
        "text": TextProcessing(tokenizer="word", source_file="source.json"),
        "golden": (Golden(input="one two three four", output=golden, tolerance=1e-4),),
    }
    return Manifest(**{**dict(_manifest(name, 1)), **changes})


def write_toy_labels(root: Path, name: str = "toy-count") -> Artifact:
    """Write the toy to `root/name/1` and return it, opened."""

    def fill(folder: Path) -> None:
        tf = tensorflow()
        slope = tf.Variable(-1.0)

        def encode(tokens: Any) -> dict[str, Any]:
            words = tf.logical_and(tf.not_equal(tokens, PAD), tf.not_equal(tokens, EOS))
            return {"state_count": tf.reduce_sum(tf.cast(words, tf.float32), 1) + 0.0 * slope}

        def step(state_count: Any) -> dict[str, Any]:
            apart = tf.abs(state_count[:, None] - tf.constant(NUMBERS))
            return {"logits": slope * apart, "state_count": state_count}

        tokens = tf.TensorSpec([None, None], tf.int32, "tokens")
        save(folder / "encoder", "encode", encode, [tokens], [slope])
        count = tf.TensorSpec([None], tf.float32, "state_count")
        save(folder / "decoder", "step", step, [count], [slope])
        word_tokenizer(SOURCE_WORDS).save(str(folder / "source.json"))

    return write_artifact(root / name / "1", labels_manifest(name), fill, lambda _: None)
