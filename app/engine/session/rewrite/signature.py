"""A signature as a SavedModel has it, rewritten."""

from __future__ import annotations

from typing import Any

import tensorflow as tf
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

from app.engine.session.rewrite.int8 import quantize_products
from app.engine.session.rewrite.lookups import transpose_lookups
from app.engine.session.rewrite.nodes import Nodes


class Rewritten:
    """A signature whose wide products are taken in int8; called by keyword, in a graph's trace.

    Its weights are constants of the graph: the SavedModel is needed no more.
    """

    def __init__(self, signature: Any) -> None:
        """Rewrite `signature` into the graph `definition`, with so many `products` in int8."""
        self.structured_outputs: dict[str, Any] = signature.structured_outputs
        frozen = convert_variables_to_constants_v2(signature, lower_control_flow=False)
        self._outputs = [tensor.name for tensor in frozen.outputs]
        nodes = Nodes(frozen.graph.as_graph_def())
        transpose_lookups(nodes)
        self.products = quantize_products(nodes)
        self.definition = nodes.definition(self._outputs)
        self._inputs = {node.name for node in self.definition.node if node.op == "Placeholder"}

    def __call__(self, **feeds: Any) -> dict[str, Any]:
        """Compute the outputs by name."""
        # The identities bring what belongs to an outer graph into this one, a loop's body.
        inputs = {f"{name}:0": tf.identity(feeds[name]) for name in feeds.keys() & self._inputs}
        found = tf.graph_util.import_graph_def(
            self.definition, input_map=inputs, return_elements=self._outputs, name="rewritten"
        )
        # A dict of outputs is flattened in the order of its sorted keys.
        named = zip(sorted(self.structured_outputs), found, strict=True)
        return {
            name: tf.ensure_shape(tensor, self.structured_outputs[name].shape)
            for name, tensor in named
        }
