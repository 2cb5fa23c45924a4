"""Push loads at a system from another process."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict

from scripts.benchmark.load.outcome import Outcome
from scripts.benchmark.load.pattern import Load, Question

GENERATOR = "scripts.benchmark.load.generator"


Job = tuple[Load, Sequence[Question]]
"""A load, and the requests that it sends in turn."""


def drive(url: str, asked: Sequence[Job]) -> list[Outcome]:
    """Run jobs one after another against `url`.

    Raises:
        RuntimeError: the load generator failed.
    """
    jobs = [
        {"load": asdict(load), "questions": [asdict(question) for question in questions]}
        for load, questions in asked
    ]
    done = subprocess.run(  # noqa: S603 - our own module
        [sys.executable, "-m", GENERATOR],
        input=json.dumps({"url": url, "jobs": jobs}),
        capture_output=True,
        text=True,
        check=False,
    )
    lines = done.stdout.splitlines()
    if done.returncode or len(lines) != len(asked):
        raise RuntimeError(f"the load generator failed: {done.stderr[-2000:]}")
    return [Outcome(**json.loads(line)) for line in lines]
