from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FILES = sorted((ROOT / "requirements").glob("*.txt"))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())


def pins(path: Path) -> dict[str, str]:
    """The version of each package that a requirements file names."""
    return dict(re.findall(r"^([A-Za-z0-9._-]+)==(\S+)", path.read_text(), re.MULTILINE))


def names(requirements: list[object]) -> set[str]:
    """The normalised package names of a list of requirements."""
    texts = [text for text in requirements if isinstance(text, str)]
    return {re.split(r"[^A-Za-z0-9._-]", text, maxsplit=1)[0].lower() for text in texts}


def test_there_is_a_file_for_every_extra_and_group() -> None:
    parts = {*PROJECT["project"]["optional-dependencies"], *PROJECT["dependency-groups"]}
    assert {path.stem for path in FILES} == parts


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_package_is_pinned_and_hashed(path: Path) -> None:
    entries = re.split(r"\n(?=\S)", path.read_text().rstrip())
    entries = [entry for entry in entries if not entry.startswith("#")]
    assert [e for e in entries if not re.match(r"\S+==\S+.*--hash=sha256:", e, re.DOTALL)] == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_no_address_and_no_path_of_a_machine(path: Path) -> None:
    assert re.findall(r".*(?:://|index-url|find-links|file:|\s/\w).*", path.read_text()) == []


def test_each_file_has_what_the_project_asks_for() -> None:
    base = names(PROJECT["project"]["dependencies"])
    extras, groups = PROJECT["project"]["optional-dependencies"], PROJECT["dependency-groups"]
    wanted = {
        "cpu": names(extras["cpu"]),
        "gpu": names(extras["gpu"]),
        "train": names(extras["cpu"]) | names(groups["train"]),
        "bench": names(extras["cpu"]) | names(groups["bench"]),
        "bench-litserve": names(extras["cpu"]) | names(groups["bench-litserve"]),
        "bench-rayserve": names(extras["cpu"]) | names(groups["bench-rayserve"]),
        "bench-ctranslate2": names(groups["bench-ctranslate2"]),
        "dev": names(extras["cpu"]) | names(groups["dev"]) | names(groups["train"]),
    }
    missing = {path.stem: (base | wanted[path.stem]) - pins(path).keys() for path in FILES}
    assert missing == {path.stem: set() for path in FILES}


def test_all_files_agree_about_versions() -> None:
    developed = pins(ROOT / "requirements" / "dev.txt")
    different = {
        (path.stem, name)
        for path in FILES
        for name, version in pins(path).items()
        if developed.get(name, version) != version
    }
    assert different == set()


def test_only_the_gpu_file_brings_cuda() -> None:
    assert {path.stem for path in FILES if "nvidia-" in path.read_text()} == {"gpu"}
