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

    Its weights are its own: the SavedModel is needed no more.
    """

    def __init__(self, signature: Any) -> None:
        """Rewrite `signature` into the graph `definition`, with so many `products` in int8."""
        self.structured_outputs: dict[str, Any] = signature.structured_outputs
        frozen = convert_variables_to_constants_v2(signature, lower_control_flow=False)
        # Dicts of inputs and of outputs are flattened in the order of their sorted keys.
        names = sorted(signature.structured_input_signature[1])
        self._inputs = dict(zip(names, (x.name for x in frozen.inputs), strict=True))
        self._outputs = [tensor.name for tensor in frozen.outputs]
        nodes = Nodes(frozen.graph.as_graph_def())
        transpose_lookups(nodes)
        self.products = quantize_products(nodes)
        # What is lifted is a constant no more, for those who look for constants: this comes last.
        lifted = nodes.lift_constants(self._outputs)
        self._weights = {f"{name}:0": tf.constant(value) for name, value in lifted.items()}
        self.definition = nodes.definition(self._outputs)
        read = {node.name for node in self.definition.node if node.op == "Placeholder"}
        self._read = {name for name in names if self._inputs[name].partition(":")[0] in read}

    def __call__(self, **feeds: Any) -> dict[str, Any]:
        """Compute the outputs by name."""
        # The identities bring what belongs to an outer graph into this one, a loop's body.
        inputs = {self._inputs[name]: tf.identity(feeds[name]) for name in self._read}
        inputs |= {name: tf.identity(value) for name, value in self._weights.items()}
        found = tf.graph_util.import_graph_def(
            self.definition, input_map=inputs, return_elements=self._outputs, name="rewritten"
        )
        named = zip(sorted(self.structured_outputs), found, strict=True)
        return {
            name: tf.ensure_shape(tensor, self.structured_outputs[name].shape)
            for name, tensor in named
        }
