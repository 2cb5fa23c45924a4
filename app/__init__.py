"""Dragoman: a REST service for sequence-to-sequence models."""

from __future__ import annotations

__version__ = "0.1.0"
