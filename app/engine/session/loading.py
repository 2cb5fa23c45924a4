"""TensorFlow, and what is loaded with it: threads, devices, SavedModels."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import tensorflow as tf

from app.engine.session.rewrite import Rewritten
from app.errors import ArtifactError

log = logging.getLogger(__name__)


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


def load(path: Path, signature: str, *, int8: bool = False) -> tuple[Any, Any]:
    """Return the SavedModel at `path`, which owns the variables, and its `signature`.

    With `int8` the signature's wide products are taken in int8, and what is returned for the
    SavedModel is None: the weights are constants then. A signature without any, or one that cannot
    be rewritten, stays as it is.

    Raises:
        ArtifactError: it does not load, or has no such signature.
    """
    try:
        root = tf.saved_model.load(str(path))
        function = root.signatures[signature]
        rewritten = _rewritten(function, path) if int8 else None
        return (None, rewritten) if rewritten else (root, function)
    except Exception as error:  # TensorFlow raises a dozen kinds for a damaged file
        problem = f"{path.name}/ cannot be loaded with a signature `{signature}`: {error}"
        raise ArtifactError(problem) from error


def _rewritten(signature: Any, path: Path) -> Rewritten | None:
    """Return `signature` with products in int8; None if there are none, or if it cannot be done."""
    try:
        rewritten = Rewritten(signature)
    except Exception:  # anyone's graph: what TensorFlow cannot take apart it can still run
        log.warning("%s stays in float32: it cannot be rewritten", path, exc_info=True)
        return None
    return rewritten if rewritten.products else None
