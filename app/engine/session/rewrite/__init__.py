"""A loaded signature made over for a CPU: the same sums, in fewer and cheaper operations."""

from __future__ import annotations

from app.engine.session.rewrite.signature import Rewritten

__all__ = ["Rewritten"]
