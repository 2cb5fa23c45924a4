"""A model runs on the device that it is told to: tried with two logical CPUs, as no GPU is here."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_states_and_steps_stay_on_the_chosen_device(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.integration.two_devices", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    answer = json.loads(done.stdout.splitlines()[-1])
    assert answer == {"ids": [[14, 15, 2]], "devices": ["device:CPU:1"]}
