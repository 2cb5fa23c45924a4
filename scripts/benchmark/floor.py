"""The floor: the matrix products of a decode step and of the encoder, and nothing else.

Sizes come from the manifest, so that batch, dtype and vocabulary are as shipped. Each floor is one
graph of several steps on the same threads as the service, timed in turn with the engine's own step
in one process, both in float32. `python -m scripts.benchmark.floor ARTIFACT INTRA STEPS <
sentences` prints JSON, STEPS being the mean length of an output with its end.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

MODULE = "scripts.benchmark.floor"
ROWS = (1, 16, 64)
STEPS = 8
REPEATS = 12
GATES = {"lstm": 4, "gru": 3}


@dataclass(frozen=True)
class Product:
    """`count` products [rows, inner] x [inner, outer]; `each` row has a right side of its own.

    Each waits for the one before it, whose outcome a model would need, unless they are `free`.
    """

    inner: int
    outer: int
    count: int = 1
    each: bool = False
    free: bool = False


@dataclass(frozen=True)
class Floor:
    """Seconds with `rows` rows: one step of products, one of the engine, and the encoder's.

    `width` is the padded length of the sources, `steps` the mean output length with its end.
    """

    rows: int
    width: int
    steps: float
    products_s: float
    engine_s: float
    encoder_s: float

    @property
    def tokens_per_s(self) -> float:
        """What the products alone would allow, decoding only."""
        return self.rows / self.products_s

    @property
    def with_encoder(self) -> float:
        """What they would allow with the encoder's products once a sentence."""
        return self.rows * self.steps / (self.steps * self.products_s + self.encoder_s)


def step_products(architecture: dict[str, Any], vocabulary: int, width: int) -> list[Product]:
    """Return the products of one decode step for sources of `width` tokens.

    Layer 1 reads the embedding, the layers above the one below beside the context; the readout maps
    both to an embedding, which the tied output layer maps to the vocabulary.
    """
    decoder, embedding = architecture["decoder"], architecture["model"]["embedding"]
    units, memory = decoder["units"], architecture["encoder"]["units"]
    gates = GATES[decoder["cell"]] * units
    lower = [embedding, *[units + memory] * (decoder["layers"] - 1)]
    return [
        *(Product(inner, gates) for inner in lower),
        Product(units, gates, decoder["layers"], free=True),  # of the states
        Product(memory, width, each=True),  # scores against the keys
        Product(width, memory, each=True),  # the context
        Product(units + memory, embedding),
        Product(embedding, vocabulary),
    ]


def encoder_products(architecture: dict[str, Any], width: int) -> list[Product]:
    """Return the products of a Transformer encoder for one token of a source of `width`."""
    encoder = architecture["encoder"]
    units, layers, inner = encoder["units"], encoder["layers"], encoder["feed_forward"]
    return [
        Product(units, 3 * units, layers),  # queries, keys and values at once
        Product(units, units, layers),
        Product(units, inner, layers),
        Product(inner, units, layers),
        Product(units, width, layers),
        Product(width, units, layers),
    ]


def measure_floor(
    artifact: Path, intra: int, steps: float, sentences: Sequence[str]
) -> list[Floor]:
    """Measure in a process of its own, whose threads are set once.

    Raises:
        RuntimeError: the artifact does not load, or its architecture has other products.
    """
    done = subprocess.run(  # noqa: S603 - our own module
        [sys.executable, "-m", MODULE, str(artifact), str(intra), str(steps)],
        input=json.dumps(list(sentences)),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"the floor could not be measured: {done.stderr[-2000:]}")
    return [Floor(**one) for one in json.loads(done.stdout.splitlines()[-1])]


def _graph(tf: Any, products: Sequence[Product], rows: int, steps: int) -> Callable[[], Any]:
    """Return a call of one graph that computes `products` of `rows` rows, `steps` times over."""
    pairs: list[tuple[Any, Any]] = []
    free: list[bool] = []
    for product in products:
        left = [rows, 1, product.inner] if product.each else [rows, product.inner]
        right = [product.inner, product.outer]
        right = [rows, *right] if product.each else right
        # Numbers of its own for each: TensorFlow computes equal products once.
        pairs += [(tf.random.normal(left), tf.random.normal(right)) for _ in range(product.count)]
        free += [product.free] * product.count
    lefts, rights = [a for a, _ in pairs], [b for _, b in pairs]

    @tf.function
    def run(lefts: Any, rights: Any) -> Any:
        def body(at: Any, lefts: Any, total: Any) -> Any:
            found: list[Any] = []
            last: list[Any] = []
            for left, right, at_once in zip(lefts, rights, free, strict=True):
                with tf.control_dependencies([] if at_once else last):
                    found.append(tf.matmul(left, right))
                last = last if at_once else found[-1:]
            total += tf.add_n([tf.reshape(one, [-1])[0] for one in found])
            # The next step's inputs depend on this one, or a compiler could hoist the products.
            return at + 1, [a + total * 0.0 for a in lefts], total

        start = (tf.constant(0), lefts, tf.constant(0.0))
        return tf.while_loop(lambda at, *_: at < steps, body, start)[2]

    return lambda: run(lefts, rights).numpy()


def _seconds(calls: Sequence[Callable[[], float]]) -> list[float]:
    """Return the median of what each call returns, all called in turn."""
    for call in calls:
        call()
    found = [[call() for call in calls] for _ in range(REPEATS)]
    return [statistics.median(column) for column in zip(*found, strict=True)]


def _timed(call: Callable[[], Any], steps: int) -> Callable[[], float]:
    def run() -> float:
        started = time.perf_counter()
        call()
        return (time.perf_counter() - started) / steps

    return run


def main() -> None:
    """Run the command line."""
    from app.artifacts.store import open_artifact
    from app.engine.session import Session
    from scripts.benchmark.engine_step import EngineStep

    artifact = open_artifact(Path(sys.argv[1]))
    intra, steps = int(sys.argv[2]), float(sys.argv[3])
    session = Session(artifact, device="cpu", threads=(intra, 2), exact=False)
    import tensorflow as tf

    engine = EngineStep(artifact, session, json.load(sys.stdin))
    vocabulary = int(artifact.manifest.signatures.step.outputs["logits"].axes[-1])
    found = []
    for rows in ROWS:
        width = engine.take(rows)
        decode = _graph(
            tf, step_products(artifact.manifest.architecture, vocabulary, width), rows, STEPS
        )
        encode = _graph(
            tf, encoder_products(artifact.manifest.architecture, width), rows * width, 1
        )
        products_s, encoder_s, engine_s = _seconds(
            [_timed(decode, STEPS), _timed(encode, 1), lambda: engine.seconds(STEPS)]
        )
        floor = Floor(rows, width, steps, products_s, engine_s, encoder_s)
        found.append(asdict(floor))
    print(json.dumps(found))


if __name__ == "__main__":
    main()
