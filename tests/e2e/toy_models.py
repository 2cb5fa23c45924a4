"""`python -m tests.e2e.toy_models FOLDER [TASK …]` writes toy models, in a process of its own.

The tasks are `translate`, which is all that is written if none is named, `summarize`, `caption`,
`series` and `labels`.
"""

from __future__ import annotations

import sys
from pathlib import Path

from tests.fakes.toy_artifact import (
    write_toy_artifact,
    write_toy_captioner,
    write_toy_summarizer,
)
from tests.fakes.toy_labels import write_toy_labels
from tests.fakes.toy_series import write_toy_series

WRITERS = {
    "translate": write_toy_artifact,
    "summarize": write_toy_summarizer,
    "caption": write_toy_captioner,
    "series": write_toy_series,
    "labels": write_toy_labels,
}

if __name__ == "__main__":
    for task in sys.argv[2:] or ["translate"]:
        WRITERS[task](Path(sys.argv[1]))
