"""The graphs of a decoder: one step, several greedy steps, rows that join, rows that move.

Every graph is traced once: row counts and source widths are left open.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any
