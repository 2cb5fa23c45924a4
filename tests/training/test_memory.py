"""A process that trains starts anew with large pages: once, and as it was started."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

PROGRAM = """
import os, sys
from scripts.training.memory import use_large_pages
use_large_pages()
print(os.getpid(), sys.argv[1:], sys.flags.optimize, os.environ.get("GLIBC_TUNABLES"))
"""


def run(*arguments: str, **environment: str) -> str:
    others = {name: value for name, value in os.environ.items() if name != "GLIBC_TUNABLES"}
    process = subprocess.Popen(
        [sys.executable, "-O", "-c", PROGRAM, *arguments],
        env={**others, **environment},
        stdout=subprocess.PIPE,
        text=True,
    )
    said, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    pid, _, rest = said.strip().partition(" ")
    assert int(pid) == process.pid  # who started it can still end it
    return rest


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="glibc is Linux's")
def test_the_process_starts_anew_with_its_arguments() -> None:
    assert run("a b", "c").startswith("['a b', 'c'] 1 glibc.malloc.hugetlb=1:")


def test_who_has_tuned_it_is_left_alone() -> None:
    assert run("a", GLIBC_TUNABLES="glibc.malloc.perturb=0") == "['a'] 1 glibc.malloc.perturb=0"
