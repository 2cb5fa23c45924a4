"""Decode sentences alone and in batches of 64, and count the answers that differ."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from app.artifacts.store import open_artifact
from app.engine.cpus import has_int8_units
from scripts.benchmark.sentences import sentences
from scripts.training.invariance import compare


def main() -> int:
    """Run the command line; exit 1 when exact mode is not exact, or too many answers differ."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("artifact", type=Path, help="models/NAME/VERSION")
    parser.add_argument("--data", type=Path, default=os.environ.get("DRAGOMAN_DATA"))
    parser.add_argument("--sentences", type=int, default=200, help="how many, from the first")
    parser.add_argument("--precision", choices=("float32", "int8"), default="float32")
    args = parser.parse_args()
    artifact = open_artifact(args.artifact)
    texts = sentences(args.data)[: args.sentences]
    if len(texts) < args.sentences:
        print(f"there are only {len(texts)} sentences here: name --data, or fewer --sentences")
        return 2
    passed = True
    if args.precision == "int8" and not has_int8_units():
        print("this CPU has no units for int8: name --precision float32")
        return 2
    for exact in (False, True):
        for beam_size in (1, 4):
            found = compare(artifact, texts, beam_size, exact=exact, int8=args.precision == "int8")
            print(
                f"{'exact' if exact else 'normal':6} beam {beam_size}: {found.different} of "
                f"{found.sentences} differ (widest tie {found.widest_tie:.1e} nat), "
                f"log-probabilities drift by {found.drift:.1e} nat",
                flush=True,
            )
            allowed = 0 if exact else len(texts) // 1000
            passed &= found.different <= allowed and not (exact and found.drift)
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
