"""The right answers: the artifact's own greedy translations, decoded without the engine.

`python -m scripts.benchmark.answers ARTIFACT < sentences` prints lists of [text, tokens]: in
float32 and, where the CPU has units for int8, in int8, as the service is measured. A few answers
may differ at exact ties (docs/design.md): TensorFlow rounds small batches differently.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from app.engine.cpus import has_int8_units
from scripts.benchmark.load.outcome import Outcome

if TYPE_CHECKING:
    from scripts.benchmark.peers.static_batch import StaticTranslator

MODULE = "scripts.benchmark.answers"
BATCH = 64
TIES = 0.01
"""The share of answers that may differ from the reference."""


@dataclass(frozen=True)
class Reference:
    """Greedy translations, and their tokens, by sentence; `ours` are the service's precision."""

    texts: dict[str, str]
    tokens: dict[str, int]
    ours: dict[str, str]


def reference(artifact: Path, sentences: Sequence[str]) -> Reference:
    """Translate `sentences` in a process of its own.

    Raises:
        RuntimeError: the artifact does not decode.
    """
    done = subprocess.run(  # noqa: S603 - our own module
        [sys.executable, "-m", MODULE, str(artifact)],
        input=json.dumps(list(sentences)),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"the reference could not be made: {done.stderr[-2000:]}")
    found = json.loads(done.stdout.splitlines()[-1])
    plain, ours = (dict(zip(sentences, one, strict=True)) for one in (found[0], found[-1]))
    return Reference(
        {sentence: text for sentence, (text, _) in plain.items()},
        {sentence: tokens for sentence, (_, tokens) in plain.items()},
        {sentence: text for sentence, (text, _) in ours.items()},
    )


def wrong_share(outcomes: Sequence[Outcome]) -> float:
    """Return the share of answers that were wrong; 0 without answers."""
    answers = sum(outcome.requests for outcome in outcomes)
    return sum(outcome.wrong for outcome in outcomes) / answers if answers else 0.0


def lost_requests(outcomes: Sequence[Outcome]) -> int:
    """Count what failed or was never answered."""
    return sum(outcome.errors + outcome.unfinished for outcome in outcomes)


def main() -> None:
    """Run the command line."""
    from scripts.benchmark.peers.static_batch import StaticTranslator

    texts: list[str] = json.load(sys.stdin)
    precisions = [False, True] if has_int8_units() else [False]
    print(
        json.dumps(
            [_translated(StaticTranslator(Path(sys.argv[1]), int8=p), texts) for p in precisions]
        )
    )


def _translated(translator: StaticTranslator, texts: Sequence[str]) -> list[tuple[str, int]]:
    order = sorted(range(len(texts)), key=lambda place: len(texts[place]))
    found: list[tuple[str, int]] = [("", 0)] * len(texts)
    for start in range(0, len(texts), BATCH):
        places = order[start : start + BATCH]
        answers = translator.translate([texts[place] for place in places])
        for place, answer in zip(places, answers, strict=True):
            found[place] = answer
    return found


if __name__ == "__main__":
    main()
