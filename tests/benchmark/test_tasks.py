"""Articles and images are measured on a real service of toy models."""

from __future__ import annotations

import gzip
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from scripts.benchmark.tasks import CLIENTS, measure_tasks, tasks_table
from tests.e2e.process import PATIENCE, ROOT


def test_every_model_of_another_task_is_measured(tmp_path: Path) -> None:
    models, data = tmp_path / "models", tmp_path / "data"
    command = [sys.executable, "-m", "tests.e2e.toy_models", str(models), "summarize", "caption"]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True, timeout=PATIENCE)
    images = data / "captioning" / "flickr8k" / "images"
    images.mkdir(parents=True)
    Image.fromarray(np.zeros((20, 30, 3), np.uint8)).save(images / "dark.jpg")
    table = "split\timage\tcaption\ntest\tdark.jpg\tnothing\n"
    (images.parent / "captions.tsv.gz").write_bytes(gzip.compress(table.encode()))
    found = measure_tasks(models, data, seconds=0.2)
    wanted = [(task, clients) for task in ("caption", "summarize") for clients in CLIENTS]
    assert [(run.task, run.clients) for run in found] == wanted
    assert all(run.outcome.requests > 0 for run in found)
    assert [run.outcome.errors for run in found] == [0] * len(found)
    assert all(sum(run.shares.values()) == pytest.approx(1.0) for run in found)
    lines = tasks_table(found)
    assert len(lines) == 1 + len(found)
    assert lines[1].split()[1] == "1"
