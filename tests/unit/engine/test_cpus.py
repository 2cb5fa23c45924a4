"""CPU counting in containers."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.engine import cpus


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="ascii")


@pytest.mark.parametrize(
    ("text", "limit"), [("150000 100000\n", 1.5), ("max 100000\n", None), ("", None)]
)
def test_version_2_quota(tmp_path: Path, text: str, limit: float | None) -> None:
    write(tmp_path / "cpu.max", text)
    assert cpus.cgroup_limit(tmp_path) == limit


@pytest.mark.parametrize(("quota", "limit"), [("200000\n", 2.0), ("-1\n", None)])
def test_version_1_quota(tmp_path: Path, quota: str, limit: float | None) -> None:
    write(tmp_path / "cpu" / "cpu.cfs_quota_us", quota)
    write(tmp_path / "cpu" / "cpu.cfs_period_us", "100000\n")
    assert cpus.cgroup_limit(tmp_path) == limit


def test_a_quota_below_one_cpu_is_one_cpu(tmp_path: Path) -> None:
    write(tmp_path / "cpu.max", "10000 100000\n")
    assert cpus.available_cpus(tmp_path) == 1


def test_without_a_quota_affinity_counts(tmp_path: Path) -> None:
    assert cpus.available_cpus(tmp_path) >= 1
