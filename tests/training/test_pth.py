"""Weights of PyTorch are read as they lie in the file, and nothing in the file is run."""

from __future__ import annotations

import io
import os
import pickle
from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from scripts.training.pth import read_pth

MAGIC = 0x1950A86A20F9469CFC6C


class Named:
    """Pickles as a name, whatever module has it."""

    def __init__(self, module: str, name: str, *arguments: Any) -> None:
        self.module, self.name, self.arguments = module, name, arguments


class Pickler(pickle._Pickler):  # type: ignore[misc, name-defined]  # Python's own, to extend
    def save(self, thing: Any, save_persistent_id: bool = True) -> None:
        if isinstance(thing, Named):
            self.write(b"c" + f"{thing.module}\n{thing.name}\n".encode())
            if thing.arguments:
                super().save(thing.arguments)
                self.write(b"R")
        else:
            super().save(thing, save_persistent_id)

    def persistent_id(self, thing: Any) -> Any:
        return thing[1:] if isinstance(thing, tuple) and thing[:1] == ("persistent",) else None


def write(path: Path, state: Any, storages: dict[str, NDArray[Any]], keys: list[str]) -> Path:
    """Write a file as `torch.save` did before 1.6."""
    file = io.BytesIO()
    for part in (MAGIC, 1001, {"little_endian": True}, state, keys):
        Pickler(file, protocol=2).dump(part)
    for key in keys:
        file.write(np.int64(storages[key].size).tobytes() + storages[key].tobytes())
    path.write_bytes(file.getvalue())
    return path


def tensor(key: str, offset: int, shape: tuple[int, ...], strides: tuple[int, ...]) -> Named:
    """A tensor in storage `key`, which holds 6 numbers."""
    storage = ("persistent", "storage", Named("torch", "FloatStorage"), key, "cpu", 6, None)
    arguments = (storage, offset, shape, strides, False, OrderedDict())
    return Named("torch._utils", "_rebuild_tensor_v2", *arguments)


STORAGES = {"7": np.arange(6, dtype="<f4"), "9": np.arange(10, 16, dtype="<f4")}


def test_tensors_are_read_with_their_offsets_and_strides(tmp_path: Path) -> None:
    state = {
        "plain": tensor("7", 0, (2, 3), (3, 1)),
        "transposed": tensor("9", 0, (3, 2), (1, 3)),
        "part": tensor("7", 4, (2,), (1,)),
        "scalar": tensor("9", 5, (), ()),
    }
    found = read_pth(write(tmp_path / "a.pth", state, STORAGES, ["9", "7"]))
    assert {name: array.tolist() for name, array in found.items()} == {
        "plain": [[0, 1, 2], [3, 4, 5]],
        "transposed": [[10, 13], [11, 14], [12, 15]],
        "part": [4, 5],
        "scalar": 15,
    }


def test_a_file_that_would_run_something_is_refused(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    state = {"a": Named("os", "mkdir", str(mark))}
    path = write(tmp_path / "a.pth", state, STORAGES, [])
    with pytest.raises(pickle.UnpicklingError, match=r"the file names os\.mkdir"):
        read_pth(path)
    assert not os.path.lexists(mark)


@pytest.mark.parametrize(
    ("shape", "strides"), [((7,), (1,)), ((2, 3), (4, 1)), ((2,), (-1,)), ((0,), (1,))]
)
def test_a_tensor_beyond_its_storage_is_refused(
    tmp_path: Path, shape: tuple[int, ...], strides: tuple[int, ...]
) -> None:
    path = write(tmp_path / "a.pth", {"a": tensor("7", 0, shape, strides)}, STORAGES, ["7"])
    with pytest.raises(pickle.UnpicklingError, match="a tensor of the file"):
        read_pth(path)


def test_another_pickle_is_no_weights(tmp_path: Path) -> None:
    (tmp_path / "a.pth").write_bytes(pickle.dumps({"a": 1}))
    with pytest.raises(pickle.UnpicklingError, match="no legacy PyTorch file"):
        read_pth(tmp_path / "a.pth")
