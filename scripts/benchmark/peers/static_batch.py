"""Static batching: encode a batch, decode it greedily until its longest member ends.

The whole loop is one graph, as TensorFlow's own translation tutorial exports it, so that no Python
runs between two tokens. This is what a careful user puts behind a server that batches requests.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_USE_LEGACY_KERAS", "1")  # spares the import of Keras
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import numpy as np
import tensorflow as tf

from app.artifacts.store import open_artifact
from app.engine.session.loading import load
from app.text.normalizer import normalize
from app.text.tokenizer import BOS, EOS, PAD, Tokenizer

Tensors = dict[str, Any]


class StaticTranslator:
    """Translates lists of texts, each list as one batch."""

    def __init__(self, artifact: Path, *, int8: bool = False) -> None:
        """Load the artifact at `artifact` and trace the decoding loop; `int8` as the service's."""
        opened = open_artifact(artifact)
        manifest = opened.manifest
        assert manifest.text is not None, "the benchmark runs text models: this is a bug"
        self.source = Tokenizer.load(opened.folder / manifest.text.source_file)
        self.target = Tokenizer.load(opened.folder / manifest.text.target_file)
        self.generation, self.most = manifest.generation, manifest.limits.max_target
        self.encoder, self.encode = load(opened.encoder_path, "encode", int8=int8)
        self.decoder, self.step = load(opened.decoder_path, "step", int8=int8)
        self.inputs = frozenset(manifest.signatures.step.inputs)
        self.states = tuple(manifest.states)
        self.bans = np.zeros(self.step.structured_outputs["logits"].shape[-1], np.float32)
        self.bans[list(manifest.decoding.never)] = -np.inf  # type: ignore[union-attr]
        self.decode = tf.function(
            self._decode,
            input_signature=[
                tf.TensorSpec([None, None], tf.int32),
                tf.TensorSpec([None], tf.int32),
            ],
        )

    def translate(self, texts: Sequence[str]) -> list[tuple[str, int]]:
        """Return each text's translation and the number of its tokens, its end not counted."""
        outputs = self.outputs(texts)
        return [(self.target.decode(ids), len(ids)) for ids in outputs]

    def outputs(self, texts: Sequence[str]) -> list[list[int]]:
        """Return the target ids of each text, without the end."""
        encoded = self.source.encode_batch([normalize(text) for text in texts])
        sources = [[*ids, EOS] for ids in encoded]
        width = max(map(len, sources))
        tokens = np.array([ids + [PAD] * (width - len(ids)) for ids in sources], np.int32)
        limits = np.array([self._limit(len(ids)) for ids in sources], np.int32)
        ids = self.decode(tokens, limits).numpy()  # [rows, steps]
        return [_until_end(row[:limit].tolist()) for row, limit in zip(ids, limits, strict=True)]

    def _limit(self, source_tokens: int) -> int:
        allowed = int(self.generation.max_ratio * source_tokens) + self.generation.max_extra
        return min(allowed, self.most)

    def _decode(self, tokens: Any, limits: Any) -> Any:
        """Decode tokens int32 [rows, source] to ids int32 [rows, steps], at most limits [rows]."""
        encoded = self.encode(tokens=tokens)
        states = {name: encoded[name] for name in self.states}
        memories = {name: encoded[name] for name in encoded if name not in states}
        rows = tf.shape(tokens)[0]
        longest = tf.reduce_max(limits)

        def unfinished(at: Any, _token: Any, ended: Any, *_: Any) -> Any:
            return tf.logical_and(at < longest, tf.logical_not(tf.reduce_all(ended)))

        def body(at: Any, token: Any, ended: Any, states: Tensors, ids: Any) -> Any:
            feeds = {"token": token, **states, **memories}
            outputs = self.step(**{name: feeds[name] for name in feeds if name in self.inputs})
            token = tf.argmax(outputs["logits"] + self.bans, axis=-1, output_type=tf.int32)
            ended = ended | tf.equal(token, EOS) | (at + 1 >= limits)
            return at + 1, token, ended, {n: outputs[n] for n in states}, ids.write(at, token)

        ids = tf.TensorArray(tf.int32, longest, element_shape=[None])
        start = (tf.constant(0), tf.fill([rows], BOS), tf.zeros([rows], tf.bool), states, ids)
        taken, _, _, _, ids = tf.while_loop(unfinished, body, start)
        return tf.transpose(ids.gather(tf.range(taken)))


def _until_end(ids: list[int]) -> list[int]:
    return ids[: ids.index(EOS)] if EOS in ids else ids
