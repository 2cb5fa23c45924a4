"""Training tests run on Keras' TensorFlow backend unless KERAS_BACKEND says otherwise."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.programs import runner

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras


@pytest.fixture
def in_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Return what runs a program in this process, in `tmp_path`."""
    return runner(tmp_path, monkeypatch)


@pytest.fixture
def uncompiled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fit without compiling, which would take most of a small model's time."""
    compile_ = keras.Model.compile

    def plainly(self: keras.Model, *parts: Any, **options: Any) -> None:
        compile_(self, *parts, **{**options, "jit_compile": False})

    monkeypatch.setattr(keras.Model, "compile", plainly)
