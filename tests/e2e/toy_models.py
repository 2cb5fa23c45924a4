"""Write the toy model into a folder: `python -m tests.e2e.toy_models FOLDER` (TensorFlow's own process)."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.fakes.toy_artifact import write_toy_artifact

if __name__ == "__main__":
    write_toy_artifact(Path(sys.argv[1]))
