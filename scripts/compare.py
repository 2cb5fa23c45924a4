"""Train the attentions and cells on the same 30,000 pairs, and compare what comes out.

    python scripts/compare.py --data data --out runs/compare

What is there already is not trained again: each variant's result lies in OUT/results. Once all of
them are there, BLEU by length and the losses are drawn into the folder of pictures.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from scripts.training.commandline import plain_errors
from scripts.training.comparison.result import Result, draw, results_table
from scripts.training.comparison.study import Study
from scripts.training.comparison.variants import BASE, VARIANTS

PICTURES = Path(__file__).resolve().parents[1] / "docs/pictures"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", help="variants to train instead of all")
    parser.add_argument(
        "--data",
        type=Path,
        default=os.environ.get("DRAGOMAN_DATA", "data"),
        help="folder with Tatoeba's English and French (default: $DRAGOMAN_DATA or data)",
    )
    parser.add_argument(
        "--out", type=Path, default=Path("runs/compare"), help="where results and models lie"
    )
    parser.add_argument("--pictures", type=Path, default=PICTURES, help="where to draw")
    return parser.parse_args()


@plain_errors()
def main() -> int:
    """Run the command line."""
    args = _arguments()
    unknown = sorted(set(args.names) - set(VARIANTS))
    if unknown:
        sys.exit(f"no variant: {', '.join(unknown)}; there is: {', '.join(VARIANTS)}")
    study = Study(args.out, args.data, BASE)
    found: dict[str, Result] = {}
    failed: list[str] = []
    for name in VARIANTS:
        result = study.kept(name)
        if result:
            print(f"{name}: trained already", flush=True)
        elif not args.names or name in args.names:
            result = study.make(name)
            failed += [] if result else [name]
        if result:
            found[name] = result
    if found:
        print("\n".join(results_table(found, study.speeds(found))))
    if found.keys() == VARIANTS.keys():
        draw(found, args.pictures)
    if failed:
        print(f"failed: {', '.join(failed)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
