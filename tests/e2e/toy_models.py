"""`python -m tests.e2e.toy_models FOLDER` writes the toy model, in a process of its own."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.fakes.toy_artifact import write_toy_artifact

if __name__ == "__main__":
    write_toy_artifact(Path(sys.argv[1]))
