"""Push loads at a system from another process."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict

from scripts.benchmark.load.outcome import Outcome
from scripts.benchmark.load.pattern import Load, questions

GENERATOR = "scripts.benchmark.load.generator"


def drive(
    url: str, loads: Sequence[Load], texts: Sequence[str], answers: Mapping[str, str]
) -> list[Outcome]:
    """Run `loads` one after another against `url`; answers are compared with `answers`.

    Raises:
        RuntimeError: the load generator failed.
    """
    jobs = [
        {
            "load": asdict(load),
            "questions": [asdict(q) for q in questions(texts, load, {**answers})],
        }
        for load in loads
    ]
    done = subprocess.run(  # noqa: S603 - our own module
        [sys.executable, "-m", GENERATOR],
        input=json.dumps({"url": url, "jobs": jobs}),
        capture_output=True,
        text=True,
        check=False,
    )
    lines = done.stdout.splitlines()
    if done.returncode or len(lines) != len(loads):
        raise RuntimeError(f"the load generator failed: {done.stderr[-2000:]}")
    return [Outcome(**json.loads(line)) for line in lines]
