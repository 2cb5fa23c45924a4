"""The walk of docs/training.md, from raw pairs to a model that is served, as it stands there."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from app.artifacts.store import open_artifact
from tests.e2e.process import Served

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs/training.md").read_text(encoding="utf-8")
BLOCK = re.compile(
    r"^```(?P<kind>\w+) ?(?P<file>\S*)\n(?P<text>.*?)^```$", re.DOTALL | re.MULTILINE
)
WALK = GUIDE[GUIDE.index("## From your pairs") : GUIDE.index("## More of a recipe")]
CALL = re.compile(
    r"^\$ curl http://127\.0\.0\.1:8000(?P<path>\S+).* -d '(?P<body>.*)'$", re.MULTILINE
)


def commands() -> list[str]:
    """Return the walk's commands, in order."""
    blocks = [block["text"] for block in BLOCK.finditer(WALK) if block["kind"] == "sh"]
    return [line for text in blocks for line in text.splitlines()]


@pytest.fixture
def work(tmp_path: Path) -> Path:
    """A folder with the walk's files, in which the project's scripts are found."""
    for name in ("app", "scripts"):
        (tmp_path / name).symlink_to(ROOT / name)
    for block in BLOCK.finditer(WALK):
        if block["file"]:
            (tmp_path / block["file"]).write_text(block["text"], encoding="utf-8")
    return tmp_path


def run(work: Path, command: str) -> subprocess.CompletedProcess[str]:
    python, *rest = command.split()
    assert python == ".venv-dev/bin/python"
    variables = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [sys.executable, *rest], cwd=work, env=variables, capture_output=True, text=True
    )


def test_the_guide_leads_from_pairs_to_a_model_that_is_served_and_continued(
    work: Path, tmp_path: Path
) -> None:
    outputs = []
    for command in commands():
        done = run(work, command)
        assert done.returncode == 0, f"{command}\n{done.stdout[-2000:]}{done.stderr[-3000:]}"
        outputs.append(done.stdout)
    first, second = (open_artifact(work / "models/numbers-en-fr" / v) for v in ("1", "2"))
    manifest = first.manifest
    assert [example.options["beam_size"] for example in manifest.golden] == [1, 1, 4, 4]
    assert {metric.dataset for metric in manifest.metrics} == {"numbers"}
    assert {"bleu-first", "chrf"} <= {metric.name for metric in manifest.metrics}
    assert (manifest.commercial_use, manifest.licences[0].licence) == (True, "CC0-1.0")
    card = (first.folder / "README.md").read_text(encoding="utf-8")
    assert manifest.training.command in card
    assert "Knows no number above ten." in card
    assert (first.folder / "curve.png").read_bytes().startswith(b"\x89PNG")
    assert outputs[2].splitlines()[0] == "### numbers"

    stages = second.manifest.training.command.splitlines()
    assert stages[0] == manifest.training.command
    assert "--init models/numbers-en-fr/1" in stages[1]
    assert second.manifest.training.history[0]["step"] > 0
    vocabularies = {(made.folder / "source.json").read_bytes() for made in (first, second)}
    assert len(vocabularies) == 1
    runs = [np.load(work / "runs" / name / "weights.npz") for name in ("numbers-en-fr", "second")]
    assert len({tuple(array.shape for array in weights.values()) for weights in runs}) == 1

    call = CALL.search(WALK)
    wanted = re.search(r"^answers `(.*)`\.$", WALK, re.MULTILINE)
    assert call is not None
    assert wanted is not None
    with Served("app", tmp_path / "log", models=work / "models") as server:
        server.until("/readyz", None)
        status, answer = server.ask("POST", call["path"], json.loads(call["body"]))
    assert (status, answer["model"]["version"]) == (200, 2)
    assert answer["translations"][0]["text"] == wanted[1]


def test_what_would_fail_in_the_end_fails_at_once(work: Path) -> None:
    (work / "models/numbers-en-fr/1").mkdir(parents=True)
    train = commands()[1]
    assert "--replace" in run(work, train).stderr
    (work / "models/numbers-en-fr/1").rmdir()
    assert "numbers.tsv" in (missing := run(work, train)).stderr
    assert "fetch_data.py" in missing.stderr
    run(work, commands()[0])
    (work / "runs/numbers-en-fr").mkdir(parents=True)
    (work / "runs/numbers-en-fr/checkpoint.npz").touch()
    assert "--resume" in run(work, train).stderr
    recipe = work / "numbers.toml"
    (work / "runs/numbers-en-fr/checkpoint.npz").unlink()
    resumed = run(work, f"{train} --resume")
    assert "numbers-en-fr holds no checkpoint to go on from" in resumed.stderr
    text = recipe.read_text(encoding="utf-8")
    mistakes = {f"{text}[fits]\n": "fits\n  Extra inputs", text[1:-9]: "Expected '='"}
    for wrong, message in mistakes.items():
        recipe.write_text(wrong, encoding="utf-8")
        assert message in (refused := run(work, train)).stderr
        assert "Traceback" not in refused.stderr
