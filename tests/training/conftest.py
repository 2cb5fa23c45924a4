"""Training tests run on Keras' TensorFlow backend unless KERAS_BACKEND says otherwise."""

from __future__ import annotations

import os

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
