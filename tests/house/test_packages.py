from __future__ import annotations

import ast
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from app import __version__

ROOT = Path(__file__).parents[2]


SERVICE = {
    "py.typed",
    "web/index.html",
    "web/app.js",
    "web/photo.js",
    "web/style.css",
    "web/icon.svg",
}


@pytest.mark.parametrize(
    ("folder", "package", "data"),
    [(".", "app", SERVICE), ("client", "dragoman_client", {"py.typed"})],
)
def test_a_wheel_holds_its_package_and_nothing_else(
    folder: str, package: str, data: set[str], tmp_path: Path
) -> None:
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(command, cwd=ROOT / folder, check=True, capture_output=True, timeout=60)
    (wheel,) = tmp_path.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    tops = {name.split("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == {package}
    assert any(name.endswith("licenses/LICENSE") for name in names)
    assert {f"{package}/{name}" for name in data} <= set(names)


def test_the_client_imports_httpx2_and_the_standard_library_only() -> None:
    imported: set[str] = set()
    for path in (ROOT / "client/dragoman_client").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                imported |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                imported.add((node.module or "").split(".")[0])
    assert imported - sys.stdlib_module_names == {"dragoman_client", "httpx2"}


def test_the_changelog_begins_with_this_version() -> None:
    newest = re.search(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert newest is not None
    assert newest[1] == __version__
