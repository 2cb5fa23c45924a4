"""TensorFlow, and what is loaded with it: threads, devices, SavedModels."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import tensorflow as tf

from app.errors import ArtifactError


def configure_threads(intra: int, inter: int) -> None:
    """Set TensorFlow's threads; they are the process's, so that the first engine decides."""
    try:
        tf.config.threading.set_intra_op_parallelism_threads(intra)
        tf.config.threading.set_inter_op_parallelism_threads(inter)
    except RuntimeError:  # TensorFlow has started already
        return


def resolve_device(device: str) -> str:
    """Return TensorFlow's name of `auto`, `cpu` or `gpu:N`.

    Raises:
        ArtifactError: there is no such device.
    """
    gpus = tf.config.list_logical_devices("GPU") if device != "cpu" else []
    if device in ("auto", "cpu"):
        return "/GPU:0" if gpus else "/CPU:0"
    number = int(device.partition(":")[2])
    if number >= len(gpus):
        raise ArtifactError(f"device {device} is asked for, and TensorFlow sees {len(gpus)} GPUs")
    return f"/GPU:{number}"


def load(path: Path, signature: str) -> tuple[Any, Any]:
    """Return the SavedModel at `path`, which owns the variables, and its `signature`.

    Raises:
        ArtifactError: it does not load, or has no such signature.
    """
    try:
        root = tf.saved_model.load(str(path))
        return root, root.signatures[signature]
    except Exception as error:  # TensorFlow raises a dozen kinds for a damaged file
        problem = f"{path.name}/ cannot be loaded with a signature `{signature}`: {error}"
        raise ArtifactError(problem) from error
