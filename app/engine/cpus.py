"""How many CPUs this container really has, as TensorFlow counts the machine's; what they can."""

from __future__ import annotations

import math
import os
from pathlib import Path

CGROUP = Path("/sys/fs/cgroup")
CPUINFO = Path("/proc/cpuinfo")
INT8_UNITS = frozenset({"avx512_vnni", "avx_vnni", "amx_int8"})


def _number(path: Path, position: int = 0) -> float | None:
    """Return the number at `position` of a cgroup file; None if it is absent or says `max`."""
    try:
        return float(path.read_text(encoding="ascii").split()[position])
    except (OSError, ValueError, IndexError):
        return None


def cgroup_limit(root: Path = CGROUP) -> float | None:
    """Return the CPU quota of this cgroup in CPUs, version 2 or 1; None where there is none."""
    quota, period = _number(root / "cpu.max"), _number(root / "cpu.max", 1)
    if quota is None:
        quota = _number(root / "cpu" / "cpu.cfs_quota_us")
        period = _number(root / "cpu" / "cpu.cfs_period_us")
    if quota is None or period is None or quota <= 0 or period <= 0:
        return None
    return quota / period


def available_cpus(root: Path = CGROUP) -> int:
    """Return the CPUs that this process may use: affinity and quota, at least 1."""
    try:
        count = len(os.sched_getaffinity(0))
    except AttributeError:  # not Linux
        count = os.cpu_count() or 1
    limit = cgroup_limit(root)
    return count if limit is None else max(1, min(count, math.ceil(limit)))


def usual_threads() -> int:
    """Return the threads of one product: all CPUs but one, at least 1.

    The last one answers HTTP. A product that had to wait for it would be as slow as that part.
    """
    return max(1, available_cpus() - 1)


def has_int8_units(cpuinfo: Path = CPUINFO) -> bool:
    """Tell whether this CPU has units that multiply int8 and add in int32 (VNNI, AMX).

    Others add pairs in int16 on the way, which overflows: their answers would differ.
    """
    try:
        lines = cpuinfo.read_text(encoding="utf-8").splitlines()
    except OSError:
        return False
    return any(not INT8_UNITS.isdisjoint(line.split()) for line in lines if line[:5] == "flags")
