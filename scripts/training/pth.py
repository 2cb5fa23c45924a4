"""Read the weights in a legacy PyTorch file (`torch.save` before 1.6) without PyTorch.

Such a file is five pickles and then the raw numbers: a magic number, the protocol, facts about the
machine, the state dict (whose tensors name their storages), and the storages' keys in the order in
which each follows as its length (int64) and its values, all little-endian.

A pickle may run anything. Here it may name five things and no other: an ordered dictionary, two
kinds of storage, and the two functions that make tensors of storages.
"""

from __future__ import annotations

import pickle
from collections import OrderedDict
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

_MAGIC = 0x1950A86A20F9469CFC6C
_DTYPES = {"FloatStorage": "<f4", "LongStorage": "<i8"}


class _Storage:
    """A flat array that is filled once all pickles have been read."""

    def __init__(self, dtype: str, key: str, size: int) -> None:
        self.dtype, self.key, self.size = dtype, key, size
        self.values: NDArray[Any] = np.zeros(0, dtype)


class _View:
    """A tensor: where it lies in its storage. Weights that came from TensorFlow lie transposed."""

    def __init__(
        self,
        storage: _Storage,
        offset: int,
        shape: tuple[int, ...],
        strides: tuple[int, ...],
        *_: object,
    ) -> None:
        self.storage, self.offset, self.shape, self.strides = storage, offset, shape, strides

    def array(self) -> NDArray[Any]:
        """Return a copy of the tensor.

        Raises:
            pickle.UnpicklingError: it reaches beyond its storage.
        """
        values = self.storage.values[self.offset :]
        steps = zip(self.shape, self.strides, strict=True)
        last = sum((size - 1) * stride for size, stride in steps)
        if min(self.offset, *self.strides, 0) < 0 or min(self.shape, default=1) < 1:
            raise pickle.UnpicklingError("a tensor of the file has no size, or a negative stride")
        if last >= len(values):
            raise pickle.UnpicklingError("a tensor of the file reaches beyond its storage")
        strides = [stride * values.itemsize for stride in self.strides]
        return np.lib.stride_tricks.as_strided(values, self.shape, strides).copy()


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        """Allow what a state dict is made of.

        Raises:
            pickle.UnpicklingError: the file names anything else.
        """
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        if module == "torch._utils" and name in ("_rebuild_tensor", "_rebuild_tensor_v2"):
            return _View
        if module == "torch" and name in _DTYPES:
            return _DTYPES[name]
        raise pickle.UnpicklingError(f"the file names {module}.{name}: not a plain state dict")

    def persistent_load(self, pid: Any) -> _Storage:
        """Return the storage that `pid` describes: ("storage", dtype, key, place, size, view)."""
        kind, dtype, key, _, size, *_ = pid
        if kind != "storage":
            raise pickle.UnpicklingError(f"the file holds a {kind!r}: not a plain state dict")
        return self.storages.setdefault(key, _Storage(dtype, key, size))

    def __init__(self, file: BinaryIO, storages: dict[str, _Storage]) -> None:
        super().__init__(file)
        self.storages = storages


def read_pth(path: Path) -> dict[str, NDArray[Any]]:
    """Return the arrays of a state dict by name.

    Raises:
        OSError: the file cannot be read.
        pickle.UnpicklingError: it is no legacy PyTorch file, or not a plain state dict.
    """
    storages: dict[str, _Storage] = {}
    with path.open("rb") as file:
        if _Unpickler(file, storages).load() != _MAGIC:
            raise pickle.UnpicklingError(f"{path} is no legacy PyTorch file")
        for _ in range(2):
            _Unpickler(file, storages).load()
        state = _Unpickler(file, storages).load()
        for key in _Unpickler(file, storages).load():
            size = int(np.frombuffer(file.read(8), "<i8")[0])
            storage = storages[key]
            if size != storage.size:
                raise pickle.UnpicklingError(f"{path} is damaged: storage {key} has another size")
            storage.values = np.frombuffer(
                file.read(size * np.dtype(storage.dtype).itemsize), storage.dtype
            )
    return {name: view.array() for name, view in state.items()}
