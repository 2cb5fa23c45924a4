"""Write a function of TensorFlow as one SavedModel of an artifact."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any


def tensorflow() -> Any:
    """Return TensorFlow, loaded as the service loads it: without Keras."""
    importlib.import_module("app.engine.session")  # first: it decides how Keras is loaded
    return importlib.import_module("tensorflow")


def save(path: Path, name: str, function: Any, specs: list[Any], variables: list[Any]) -> None:
    """Write `function` of tensors like `specs`, which uses `variables`, as the signature `name`."""
    tf = tensorflow()
    module = tf.Module(name=name)
    module.held = variables
    concrete = tf.function(function, input_signature=specs).get_concrete_function()
    tf.saved_model.save(module, str(path), signatures={name: concrete})
