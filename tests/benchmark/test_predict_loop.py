"""The peer decodes the same artifact to the same answers, or its figures would mean nothing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.fakes.toy_artifact import write_toy_artifact

ROOT = Path(__file__).parents[2]
# In a process of its own: Keras 3 must not meet the service's TensorFlow.
PROGRAM = """
import sys
from pathlib import Path
from app.artifacts.store import open_artifact
from scripts.benchmark.peers.predict_loop import PredictLoop
loop = PredictLoop(open_artifact(Path(sys.argv[1])))
for text in sys.argv[2:]:
    print(loop.target.decode(loop.translate(text)))
"""


def test_the_predict_loop_gives_the_greedy_answers_of_the_artifact(tmp_path: Path) -> None:
    artifact = write_toy_artifact(tmp_path)
    texts = ["one two three", "ten", "seven two"]
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(artifact.folder), *texts],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    assert done.stdout.splitlines() == ["un deux trois", "dix", "sept deux"]
