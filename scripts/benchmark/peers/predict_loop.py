"""What tutorials teach: `model.predict` for every token, one sentence at a time, behind FastAPI.

The same artifact, in `keras.Model` subclasses whose `call` runs the loaded signatures. Keras'
`predict` is not safe from several threads, so that one thread answers one request at a time.
"""

from __future__ import annotations

import asyncio
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
import numpy as np
import tensorflow as tf
import uvicorn
from fastapi import FastAPI

from app.artifacts.store import Artifact, open_artifact
from app.text.normalizer import normalize
from app.text.tokenizer import BOS, EOS, Tokenizer
from scripts.benchmark.peers.wire import PATH, answer, arguments

Arrays = dict[str, Any]
ARTIFACT = "PREDICT_LOOP_ARTIFACT"


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
        self.source = Tokenizer.load(artifact.folder / artifact.manifest.text.source_file)
        self.target = Tokenizer.load(artifact.folder / artifact.manifest.text.target_file)
        self.never = list(artifact.manifest.decoding.never)  # type: ignore[union-attr]
        self.limit = artifact.manifest.generation

    def translate(self, text: str) -> list[int]:
        """Return the target ids of `text`, without the end."""
        source = [*self.source.encode(normalize(text)), EOS]
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


def create() -> FastAPI:
    """Load the model and return the application; one in each worker's process."""
    loop = PredictLoop(open_artifact(Path(os.environ[ARTIFACT])))
    thread = ThreadPoolExecutor(1)
    thread.submit(loop.translate, "Hello!").result()
    app = FastAPI()

    @app.post(PATH)
    async def translate(body: dict[str, Any]) -> dict[str, Any]:
        running = asyncio.get_running_loop()
        ids = await running.run_in_executor(thread, loop.translate, body["text"])
        return answer(loop.target.decode(ids), len(ids))

    @app.get("/readyz")
    def ready() -> str:
        return "ready"

    return app


def main() -> None:
    """Run the command line."""
    options = arguments()
    os.environ[ARTIFACT] = str(options.artifact)
    uvicorn.run(
        "scripts.benchmark.peers.predict_loop:create",
        factory=True,
        host="127.0.0.1",
        port=options.port,
        workers=options.workers,
        log_level="warning",
    )


if __name__ == "__main__":
    main()
