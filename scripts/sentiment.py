"""Learning without labels, the whole table: two sets of reviews, with and without pre-training.

    python scripts/sentiment.py --data data --out runs/sentiment

Each result is kept in the folder `results`: the same command goes on where it was interrupted, and
prints what there is at the end.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue

from scripts.training.commandline import plain_errors
from scripts.training.memory import use_large_pages

if __name__ == "__main__":
    use_large_pages()  # before what takes seconds to import
os.environ.setdefault("KERAS_BACKEND", "jax")

from tokenizers import Tokenizer as Backend

from scripts.training.initial import ReaderWeights, load_initial
from scripts.training.labels.config import LabelRecipe
from scripts.training.labels.fitting import fit_row
from scripts.training.labels.results import missing, table
from scripts.training.labels.rows import PRETRAINED, Row, load_labels, make_rows
from scripts.training.run import FACTS, read_run

ROOT = Path(__file__).resolve().parents[1]
RECIPES = ROOT / "scripts/recipes"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("rows", nargs="*", help="rows to fill instead of all, `imdb-lm-gain` say")
    parser.add_argument(
        "--data",
        type=Path,
        default=os.environ.get("DRAGOMAN_DATA", "data"),
        help="folder of the raw tables (default: $DRAGOMAN_DATA or data)",
    )
    parser.add_argument(
        "--out", type=Path, default=Path("runs/sentiment"), help="where everything is written"
    )
    parser.add_argument("--recipes", type=Path, default=RECIPES, help="where the recipes are")
    parser.add_argument("--seeds", type=int, default=3, help="of the rows that are compared")
    parser.add_argument(
        "--jobs", type=int, default=1, help="trainings at a time, each on its share of the CPUs"
    )
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    return parser.parse_args()


def _chosen(args: argparse.Namespace) -> list[Row]:
    rows = make_rows(args.seeds)
    known = [row.name for row in rows]
    unknown = sorted(set(args.rows) - set(known))
    if unknown:
        sys.exit(f"no row: {', '.join(unknown)}; there is: {', '.join(known)}")
    return [row for row in rows if not args.rows or row.name in args.rows]


def _check_readers(names: Iterable[str], args: argparse.Namespace) -> None:
    for name in names:
        run = args.out / "runs" / name
        recipe = load_labels(args.recipes / f"{name}.toml")
        if (run / FACTS).exists() and read_run(run, LabelRecipe).recipe != recipe:
            sys.exit(f"{run} was made by another {name}.toml: delete it, and it is made anew")


def _pretrain(recipe: str, args: argparse.Namespace) -> list[str]:
    """Return the command that trains what rows begin with, or goes on with it."""
    run = args.out / "runs" / recipe
    command = [str(ROOT / "scripts/train.py"), "--recipe", str(args.recipes / f"{recipe}.toml")]
    command += ["--data", str(args.data), "--out", str(args.out), "--run", str(run)]
    return command + ["--resume"] * (run / "checkpoint.npz").exists()


def _fill(row: Row, args: argparse.Namespace) -> list[str]:
    """Return the command that does the fits of one row."""
    command = [str(ROOT / "scripts/sentiment.py"), row.name, "--here", "--data", str(args.data)]
    command += ["--out", str(args.out), "--recipes", str(args.recipes)]
    return [*command, "--seeds", str(args.seeds)]


def _run(commands: list[list[str]], args: argparse.Namespace) -> bool:
    """Run `commands`, as many at a time as there are jobs; return whether all succeeded."""
    cpus = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
    shares: SimpleQueue[list[int]] = SimpleQueue()
    for job in range(args.jobs):
        shares.put(cpus[job :: args.jobs] or cpus)

    def run(command: list[str]) -> int:
        share = shares.get()
        pinned = ["taskset", "-c", ",".join(map(str, share))] if args.jobs > 1 and share else []
        try:
            return subprocess.run([*pinned, sys.executable, *command], check=False).returncode  # noqa: S603 - our own scripts
        finally:
            shares.put(share)

    with ThreadPoolExecutor(args.jobs) as pool:
        return not any(pool.map(run, commands))


def _here(row: Row, args: argparse.Namespace) -> None:
    """Do the fits of one row in this process."""
    begun = PRETRAINED.get(row.start)
    weights = args.out / "runs" / (begun or PRETRAINED["lm"]) / "weights.npz"
    initial = load_initial(weights)
    assert isinstance(initial, ReaderWeights), "it is no run of a reader: this is a bug"
    backend = Backend.from_file(str(initial.tokenizer))
    fit_row(row, args.recipes, args.data, args.out, backend, initial if begun else None)


@plain_errors()
def main() -> int:
    """Run the command line."""
    args = _arguments()
    rows, results = _chosen(args), args.out / "results"
    if args.here:
        _here(rows[0], args)
        return 0
    args.out.mkdir(parents=True, exist_ok=True)
    os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", str((args.out / "compiled").resolve()))
    # The vocabulary is that of the language model, whatever a row begins with.
    wanted = {PRETRAINED.get(row.start, PRETRAINED["lm"]) for row in rows}
    _check_readers(sorted(wanted), args)
    unread = [
        name for name in sorted(wanted) if not (args.out / f"runs/{name}/weights.npz").exists()
    ]
    if not _run([_pretrain(name, args) for name in unread], args):
        return 1
    open_rows = [row for row in rows if missing(row, args.recipes, results)]
    succeeded = _run([_fill(row, args) for row in open_rows], args)
    print("\n".join(table(rows, args.recipes, results)))
    return 0 if succeeded else 1


if __name__ == "__main__":
    sys.exit(main())
