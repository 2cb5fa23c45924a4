"""`python -m tests.integration.two_devices FOLDER`: decode on the second of two logical CPUs."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np

from app.artifacts.store import open_artifact
from app.engine.session import Session, rows
from tests.fakes.toy_artifact import write_toy_artifact

EOS = 2


def main() -> None:
    """Print the ids that come out, and the devices that the running tensors are on."""
    tf = rows.tf
    cpu = tf.config.list_physical_devices("CPU")[0]
    two = [tf.config.LogicalDeviceConfiguration()] * 2
    tf.config.set_logical_device_configuration(cpu, two)
    folder = Path(sys.argv[1])
    write_toy_artifact(folder)
    rows.resolve_device = lambda _: "/CPU:1"
    artifact = open_artifact(folder / "toy-en-fr" / "1")
    made = Session(artifact, device="gpu:0", threads=(1, 1), exact=False)
    made.warm_up()
    source = {"tokens": np.array([4, 5, EOS], np.int32)}
    start = np.zeros(1, np.int32)
    made.join(made.encode([source]), start[:0], np.ones(1, np.int32))
    result = made.advance_greedy(start, np.ones(1, np.int32), 3)
    tensors = [*made._states.values(), *made._memories.values()]
    devices = sorted({tensor.device.rpartition("/")[2] for tensor in tensors})
    print(json.dumps({"ids": result.ids.tolist(), "devices": devices}))  # noqa: T201


if __name__ == "__main__":
    main()
