"""How one engine runs: plain values, resolved by the composition root."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class EngineConfig:
    """Capacity, precision, device and threads of one engine.

    Args:
        max_rows: rows that decode at once; a beam of 4 takes 4.
        max_waiting: rows that may wait for a place; beyond it requests are refused.
        exact: pad every call so that a request's result is bitwise the same in any company.
        int8: multiply matrices in int8 where a model runs on a CPU; answers change a little.
        device: `auto`, `cpu` or `gpu:N`.
        intra_threads: threads of one operation.
        inter_threads: operations that run side by side.
        encode_tokens: padded source tokens encoded in one turn while rows are running.
        max_steps: decode steps in one graph call, at most.
        max_call_seconds: how long a graph call of several steps should take, at most.
    """

    max_rows: int = 128
    max_waiting: int = 1024
    exact: bool = False
    int8: bool = False
    device: str = "auto"
    intra_threads: int = 1
    inter_threads: int = 2
    encode_tokens: int = 1024
    max_steps: int = 16
    max_call_seconds: float = 0.03
