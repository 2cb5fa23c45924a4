"""Nodes of a TensorFlow graph as protocol buffers: made, looked up, pruned.

A tensor is named `node:output`, `:0` being left out; a name with `^` in front only orders.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

Node = Any
LARGE = 65_536
"""Bytes of a constant beyond which its copies are worth avoiding."""


class Nodes:
    """The nodes of a frozen graph, whose weights are constants, by name; edited in place."""

    def __init__(self, definition: Any) -> None:
        """Take over `definition`, without the order of effects: it has none."""
        self._library = definition.library
        self._versions = definition.versions
        self.by_name: dict[str, Node] = {}
        for node in definition.node:
            data = [name for name in node.input if not name.startswith("^")]
            del node.input[:]
            node.input.extend(data)
            self.by_name[node.name] = node

    def __iter__(self) -> Any:
        """Iterate over what is there now."""
        return iter(list(self.by_name.values()))

    def __contains__(self, name: str) -> bool:
        """Tell whether there is a node of this name."""
        return name in self.by_name

    def put(self, *nodes: Node) -> None:
        """Add nodes, each instead of the one of its name."""
        for node in nodes:
            self.by_name[node.name] = node

    def maker(self, tensor: str) -> Node:
        """Return the node that makes `tensor`, looking through identities."""
        node = self.by_name[tensor.partition(":")[0]]
        while node.op in ("Identity", "StopGradient"):
            node = self.by_name[node.input[0].partition(":")[0]]
        return node

    def constant(self, tensor: str) -> NDArray[Any] | None:
        """Return the value of `tensor` if it is a constant, perhaps reshaped."""
        node = self.maker(tensor)
        if node.op == "Reshape":
            value, shape = (self.constant(source) for source in node.input)
            return None if value is None or shape is None else value.reshape(shape)
        if node.op != "Const":
            return None
        found: NDArray[Any] = tf.make_ndarray(node.attr["value"].tensor)
        return found

    def readers(self, name: str) -> list[Node]:
        """Return the nodes that read what `name` makes."""
        return [
            node
            for node in self.by_name.values()
            if any(source.partition(":")[0] == name for source in node.input)
        ]

    def lift_constants(self, outputs: Iterable[str]) -> dict[str, NDArray[Any]]:
        """Turn the large constants that `outputs` need into placeholders; return them, by name.

        A graph is copied a handful of times on its way to the kernels, with all its constants; what
        is fed to it is not.
        """
        lifted: dict[str, NDArray[Any]] = {}
        for node in self.definition(outputs).node:
            size = node.attr["value"].tensor.ByteSize() if node.op == "Const" else 0
            if size < LARGE:
                continue
            name, dtype = f"{node.name}/lifted", tf.as_dtype(node.attr["dtype"].type)
            proto = node.attr["value"].tensor
            plain = tf.int8 if dtype == tf.qint8 else dtype  # loops carry no tensors of qint8
            proto.dtype = plain.as_datatype_enum
            lifted[name] = tf.make_ndarray(proto)
            feed = make_node(name, "Placeholder", [], dtype=plain)
            feed.attr["shape"].shape.CopyFrom(proto.tensor_shape)
            same = make_node(node.name, "Identity", [name], T=plain)
            if plain != dtype:
                same = make_node(node.name, "Bitcast", [name], T=plain, type=dtype)
            self.put(feed, same)
        return lifted

    def definition(self, outputs: Iterable[str]) -> Any:
        """Return a graph of what `outputs` need, and no more."""
        wanted = [name.partition(":")[0] for name in outputs]
        needed: dict[str, Node] = {}
        while wanted:
            name = wanted.pop()
            if name not in needed:
                needed[name] = self.by_name[name]
                wanted += [source.partition(":")[0] for source in needed[name].input]
        definition = tf.compat.v1.GraphDef(versions=self._versions, library=self._library)
        definition.node.extend(needed.values())
        return definition


def make_node(name: str, op: str, inputs: Sequence[str], **types: Any) -> Node:
    """Return a node; `types` are its attributes that are dtypes, `T` float32 for one left out."""
    node = tf.compat.v1.NodeDef(name=name, op=op, input=inputs)
    for key, dtype in (types or {"T": tf.float32}).items():
        node.attr[key].type = dtype.as_datatype_enum
    return node


def make_constant(name: str, value: Any, dtype: Any = None) -> Node:
    """Return a constant; `dtype` names the same bytes otherwise: NumPy has no qint8."""
    proto = tf.make_tensor_proto(np.asarray(value))
    if dtype is not None:
        proto.dtype = dtype.as_datatype_enum
    node = tf.compat.v1.NodeDef(name=name, op="Const")
    node.attr["value"].tensor.CopyFrom(proto)
    node.attr["dtype"].type = proto.dtype
    return node
