"""What all peers share: their command line, and the shape of their answers."""

from __future__ import annotations

import argparse
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PATH = "/v1/translate"
MOST_ROWS = 64
"""Requests in one batch of a peer that batches."""


@dataclass(frozen=True)
class Arguments:
    """Where to serve, what, and on how many threads.

    `options` are words that only one peer knows, `lengths` the file of expected output lengths.
    """

    port: int
    artifact: Path
    workers: int
    threads: int
    lengths: Path
    options: tuple[str, ...]


def arguments() -> Arguments:
    """Read the command line, which is also kept in the environment for processes started later."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--artifact", type=Path, required=True)
    parser.add_argument("--workers", type=int, required=True)
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--lengths", type=Path, required=True)
    parser.add_argument("options", nargs="*")
    found = parser.parse_args()
    set_tensorflow_threads(found.threads)
    return Arguments(
        found.port,
        found.artifact.resolve(),
        found.workers,
        found.threads,
        found.lengths.resolve(),
        tuple(found.options),
    )


def set_tensorflow_threads(threads: int) -> None:
    """Let TensorFlow, in this process and its children, use `threads` threads a product."""
    os.environ["TF_NUM_INTRAOP_THREADS"] = str(threads)
    os.environ["TF_NUM_INTEROP_THREADS"] = "1"
    os.environ["OMP_NUM_THREADS"] = str(threads)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")


def answer(text: str, target_tokens: int) -> dict[str, Any]:
    """Return the answer to one text, as Dragoman's API words it."""
    return {"translations": [{"text": text}], "usage": {"target_tokens": target_tokens}}
