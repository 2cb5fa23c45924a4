"""The peers' Python environments: made when first needed, pinned and hashed, kept in the tree."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
PIP = ("-m", "pip", "install", "-qq", "--disable-pip-version-check", "--no-input")


def environment(name: str | None, root: Path = ROOT) -> str:
    """Return the Python of `.venv-NAME`, installed from requirements/NAME.txt; None: this one.

    Raises:
        subprocess.CalledProcessError: the installation failed; the next call starts it anew.
    """
    if name is None:
        return sys.executable
    requirements = root / "requirements" / f"{name}.txt"
    folder = root / f".venv-{name}"
    digest = hashlib.sha256(sys.version.encode() + requirements.read_bytes()).hexdigest()[:16]
    stamp = folder / f".ready-{digest}"
    python = folder / ("Scripts" if os.name == "nt" else "bin") / "python"
    if not stamp.exists():
        print(f"Installing {requirements.name} into {folder.name} (once; a minute or two)")
        shutil.rmtree(folder, ignore_errors=True)
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)  # noqa: S603
        install = [str(python), *PIP, "--require-hashes", "-r", str(requirements)]
        subprocess.run(install, check=True)  # noqa: S603
        stamp.touch()
    return str(python)
