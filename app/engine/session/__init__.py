"""A loaded artifact that computes: the only package of the service that imports TensorFlow."""

from __future__ import annotations

import os

# Keras 2's shim: TensorFlow then does not import Keras 3, and starts a third faster.
os.environ.setdefault("TF_USE_LEGACY_KERAS", "1")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

from app.engine.session.rows import EncodedBatch
from app.engine.session.tokens import Session
from app.engine.session.values import ValueSession

__all__ = ["EncodedBatch", "Session", "ValueSession"]
