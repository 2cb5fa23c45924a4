"""Columns of a constant that are looked up become rows of its transpose, which lie together."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from app.engine.session.rewrite.nodes import Nodes, make_constant, make_node


def transpose_lookups(nodes: Nodes) -> None:
    """Turn transpose(gather(table, ids, axis=1)) into gather(tableᵀ, ids).

    The table has two axes, so that 1 and -1 name the same one.
    """
    for node in nodes:
        if node.op != "Transpose" or not _is(nodes, node.input[1], [1, 0]):
            continue
        gather = nodes.maker(node.input[0])
        if gather.op != "GatherV2" or not _is(nodes, gather.input[2], 1, -1):
            continue
        table = nodes.constant(gather.input[0])
        if table is None or table.ndim != 2 or gather.attr["batch_dims"].i:
            continue
        kinds = {key: tf.as_dtype(gather.attr[key].type) for key in ("Tparams", "Tindices")}
        name = node.name
        inputs = [f"{name}/table", gather.input[1], f"{name}/axis"]
        nodes.put(
            make_constant(f"{name}/table", np.ascontiguousarray(table.T)),
            make_constant(f"{name}/axis", np.int32(0)),
            make_node(name, "GatherV2", inputs, Taxis=tf.int32, **kinds),
        )


def _is(nodes: Nodes, tensor: str, *wanted: object) -> bool:
    value = nodes.constant(tensor)
    return value is not None and value.tolist() in wanted
