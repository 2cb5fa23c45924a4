"""A CTranslate2 Transformer with random weights: fast or slow like a trained one of its size.

6 encoder and 2 decoder layers, width 256, feed-forward 1,024, 8 heads, vocabulary 8,000, built
through CTranslate2's own specification, which also quantizes it.
"""

from __future__ import annotations

import math
import tempfile
from pathlib import Path
from typing import Any

import ctranslate2
import numpy as np
from ctranslate2.specs import TransformerSpec

LAYERS, HEADS, WIDTH, FEED_FORWARD, VOCABULARY = (6, 2), 8, 256, 1024, 8000
SPECIAL = ("<blank>", "<s>", "</s>", "<unk>")


def token(number: int) -> str:
    """Return the name of an ordinary token, 0 … 7,995."""
    return f"t{number % (VOCABULARY - len(SPECIAL))}"


def write_transformer(folder: Path, compute_type: str) -> Path:
    """Write the model, `int8` or `float32`, to the empty `folder`; return it."""
    chance = np.random.default_rng(0)
    spec = TransformerSpec.from_config(LAYERS, HEADS)

    def weights(*shape: int) -> Any:
        return chance.normal(0, 1 / math.sqrt(shape[-1]), shape).astype(np.float32)

    def linear(layer: Any, outputs: int, inputs: int) -> None:
        layer.weight, layer.bias = weights(outputs, inputs), np.zeros(outputs, np.float32)

    def norm(layer: Any) -> None:
        layer.gamma, layer.beta = np.ones(WIDTH, np.float32), np.zeros(WIDTH, np.float32)

    def attention(layer: Any, *outputs: int) -> None:
        norm(layer.layer_norm)
        for part, rows in zip(layer.linear, outputs, strict=True):
            linear(part, rows, WIDTH)

    for stack in (spec.encoder, spec.decoder):
        embeddings = stack.embeddings[0] if stack is spec.encoder else stack.embeddings
        embeddings.weight = weights(VOCABULARY, WIDTH)
        norm(stack.layer_norm)
        for layer in stack.layer:
            attention(layer.self_attention, 3 * WIDTH, WIDTH)
            norm(layer.ffn.layer_norm)
            linear(layer.ffn.linear_0, FEED_FORWARD, WIDTH)
            linear(layer.ffn.linear_1, WIDTH, FEED_FORWARD)
    for layer in spec.decoder.layer:
        attention(layer.attention, WIDTH, 2 * WIDTH, WIDTH)
    linear(spec.decoder.projection, VOCABULARY, WIDTH)
    words = [*SPECIAL, *(token(number) for number in range(VOCABULARY - len(SPECIAL)))]
    spec.register_source_vocabulary(words)
    spec.register_target_vocabulary(words)
    spec.validate()
    spec.optimize(quantization=compute_type)
    spec.save(str(folder))
    return folder


def load_transformer(compute_type: str, workers: int, threads: int) -> ctranslate2.Translator:
    """Make the model and load it; `threads` 0 is CTranslate2's default."""
    with tempfile.TemporaryDirectory() as folder:
        return ctranslate2.Translator(
            str(write_transformer(Path(folder), compute_type)),
            device="cpu",
            compute_type=compute_type,
            inter_threads=workers,
            intra_threads=threads,
        )
