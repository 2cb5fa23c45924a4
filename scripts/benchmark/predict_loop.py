"""The peer that tutorials teach: `model.predict` for every token, one sentence at a time.

The same artifact, in `keras.Model` subclasses whose `call` runs the loaded signatures. Run as
`python -m scripts.benchmark.predict_loop ARTIFACT SECONDS < sentences`; prints one JSON outcome.
"""

from __future__ import annotations

import json
import os
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
import numpy as np
import tensorflow as tf

from app.artifacts.store import Artifact, open_artifact
from app.text.normalizer import normalize
from app.text.tokenizer import BOS, EOS, Tokenizer
from scripts.benchmark.load import Outcome, summarize

Arrays = dict[str, Any]


class Part(keras.Model):
    """One SavedModel of the artifact; Keras wants a class name without an underscore in front."""

    def __init__(self, path: Path, signature: str) -> None:
        """Load `path`; calls run `signature`."""
        super().__init__()
        self.loaded = tf.saved_model.load(str(path))
        self.signature = signature

    def call(self, inputs: Arrays) -> Arrays:
        """Run the signature on named tensors."""
        outputs: Arrays = self.loaded.signatures[self.signature](**inputs)
        return outputs


class PredictLoop:
    """Greedy decoding as the tutorials write it."""

    def __init__(self, artifact: Artifact) -> None:
        """Load both parts of `artifact`."""
        assert artifact.manifest.text is not None, "the benchmark runs text models: this is a bug"
        self.encoder = Part(artifact.encoder_path, "encode")
        self.decoder = Part(artifact.decoder_path, "step")
        self.tokenizer = Tokenizer.load(artifact.folder / artifact.manifest.text.source_file)
        self.never = list(artifact.manifest.decoding.never)  # type: ignore[union-attr]
        self.limit = artifact.manifest.generation

    def translate(self, text: str) -> list[int]:
        """Return the target ids of `text`, without the end."""
        source = [*self.tokenizer.encode(normalize(text)), EOS]
        encoded = self.encoder.predict({"tokens": np.array([source], np.int32)}, verbose=0)
        memories = {k: v for k, v in encoded.items() if k.startswith("memory_")}
        states = {k: v for k, v in encoded.items() if k.startswith("state_")}
        token = BOS
        ids: list[int] = []
        most = int(self.limit.max_ratio * len(source)) + self.limit.max_extra
        while len(ids) < most:
            step = {"token": np.array([token], np.int32), **memories, **states}
            output = self.decoder.predict(step, verbose=0)
            logits = output["logits"][0]
            logits[self.never] = -np.inf
            token = int(np.argmax(logits))
            if token == EOS:
                break
            ids.append(token)
            states = {name: output[name] for name in states}
        return ids


def measure(
    artifact: Artifact, texts: list[str], seconds: float
) -> tuple[Outcome, list[list[int]]]:
    """Translate `texts` one after another for about `seconds`, after one to warm up."""
    loop = PredictLoop(artifact)
    loop.translate(texts[0])
    latencies: list[float] = []
    outputs: list[list[int]] = []
    began = time.perf_counter()
    for text in texts:
        started = time.perf_counter()
        if started - began > seconds:
            break
        outputs.append(loop.translate(text))
        latencies.append(time.perf_counter() - started)
    tokens = sum(len(ids) for ids in outputs)
    return summarize(1, latencies, tokens, 0, time.perf_counter() - began), outputs


def main() -> None:
    """Run the command line."""
    artifact = open_artifact(Path(sys.argv[1]))
    outcome, outputs = measure(artifact, sys.stdin.read().splitlines(), float(sys.argv[2]))
    print(json.dumps({"outcome": asdict(outcome), "outputs": outputs}))


if __name__ == "__main__":
    main()
