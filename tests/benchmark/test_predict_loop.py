"""The peer decodes the same artifact to the same answers, or its figures would mean nothing."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from app.text.tokenizer import Tokenizer
from tests.fakes.toy_artifact import write_toy_artifact

ROOT = Path(__file__).parents[2]


def test_the_predict_loop_gives_the_greedy_answers_of_the_artifact(tmp_path: Path) -> None:
    artifact = write_toy_artifact(tmp_path)
    done = subprocess.run(
        [sys.executable, "-m", "scripts.benchmark.predict_loop", str(artifact.folder), "60"],
        input="one two three\nten\nseven two",
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    answer = json.loads(done.stdout.splitlines()[-1])
    tokenizer = Tokenizer.load(artifact.folder / "target.json")
    texts = [tokenizer.decode(ids) for ids in answer["outputs"]]
    assert texts == ["un deux trois", "dix", "sept deux"]
    assert (answer["outcome"]["requests"], answer["outcome"]["errors"]) == (3, 0)
