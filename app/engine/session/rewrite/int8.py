"""Products of matrices in whole numbers, for the int8 units of a CPU.

A product x · W of an activation x [rows, inner] and a weight W [inner, outer] becomes

    (round(127 · x / max|x|) · round(127 · W / max|W|)) · max|x| / 127 · max|W| / 127

with one maximum for each row of x, taken as it comes (1 for what tanh and the sigmoid make), and
one for each column of W, taken once: the scheme of Dettmers et al. 2022 (LLM.int8(), section 2.1).
The sums are whole numbers, and a row's scale is its own, so that no product depends on what else is
in the batch. oneDNN multiplies, by TensorFlow's own `_QuantizedMatMul`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from app.engine.session.rewrite.nodes import Node, Nodes, make_constant, make_node

LEAST = 128
"""Products with a narrower weight stay as they are: there is nothing to gain."""
LEVELS = 127.0
TINY = 1e-20  # a row of zeros stays one
BOUNDED = ("Tanh", "Sigmoid")
"""What makes numbers of at most 1: 1 is their maximum, so that the product can add the bias."""


def quantize_products(nodes: Nodes) -> int:
    """Take the products with wide constant weights in int8; return how many those are."""
    count = 0
    for node in nodes:
        weight = _weight(node, nodes)
        if weight is None:
            continue
        count += 1
        x = node.input[0]
        maker, _, place = x.partition(":")
        near = f"{maker}/int8_{place or 0}"
        bounded = nodes.maker(x).op in BOUNDED
        if f"{near}/q" not in nodes:
            nodes.put(*(_quantized_bounded if bounded else _quantized)(near, x))
        nodes.put(*(_whole_product if bounded else _scaled_product)(node, near, weight, nodes))
    return count


def _weight(node: Node, nodes: Nodes) -> NDArray[np.float32] | None:
    """Return the constant [inner, outer] that `node` multiplies with, if it is one to replace."""
    if node.op != "MatMul" or node.attr["transpose_a"].b:
        return None
    value = nodes.constant(node.input[1])
    if value is None or value.dtype != np.float32 or min(value.shape) < LEAST:
        return None
    return value.T if node.attr["transpose_b"].b else value


def _scaled_product(node: Node, near: str, weight: NDArray[np.float32], nodes: Nodes) -> list[Node]:
    """Return nodes for `node` from `near`/q and `near`/scale: each row is scaled after the sums."""
    zeros = np.zeros(weight.shape[1], np.float32)
    product = f"{node.name}/product"
    return [
        *_product(product, near, weight, zeros, LEVELS),
        make_node(node.name, "Mul", [product, f"{near}/scale"]),
    ]


def _whole_product(node: Node, near: str, weight: NDArray[np.float32], nodes: Nodes) -> list[Node]:
    """Return nodes for `node`, of an x of at most 1, with the bias that is added to it, if any."""
    readers = nodes.readers(node.name)
    name, bias = node.name, np.zeros(weight.shape[1], np.float32)
    if len(readers) == 1 and readers[0].op in ("BiasAdd", "AddV2"):
        found = nodes.constant(readers[0].input[1])
        if found is not None and found.shape == bias.shape:
            name, bias = readers[0].name, found
    product = f"{name}/product"
    return [
        *_product(product, near, weight, bias, 1.0),
        make_node(name, "AddV2", [product, f"{near}/nothing"]),
    ]


def _product(
    name: str, near: str, weight: NDArray[np.float32], bias: NDArray[np.float32], most_x: float
) -> list[Node]:
    """Return the node `name` and its constants: `near`/q, which stands for ±`most_x`, by weight."""
    most = np.maximum(np.abs(weight).max(axis=0), TINY)
    whole = np.round(weight * (LEVELS / most)).astype(np.int8)
    constants = {
        "bias": bias,
        "x_least": np.float32(-most_x),
        "x_most": np.float32(most_x),
        "w_least": -most,
        "w_most": most,
    }
    inputs = [f"{near}/q", f"{name}/whole", *(f"{name}/{key}" for key in constants)]
    product = make_node(
        name,
        "_QuantizedMatMul",
        inputs,
        T1=tf.qint8,
        T2=tf.qint8,
        Tbias=tf.float32,
        U=tf.float32,
        Tout=tf.float32,
    )
    lists: dict[str, list[Any]] = {
        "Tdevice_inputs": [tf.qint8, tf.qint8, tf.float32],
        "Thost_inputs": [tf.float32] * 4,
        "Tdevice_outputs": [tf.float32],
        "Thost_outputs": [],
    }
    for key, dtypes in lists.items():
        product.attr[key].list.type.extend(dtype.as_datatype_enum for dtype in dtypes)
    product.attr["is_weight_const"].b = product.attr["is_bias_const"].b = True
    product.attr["fused_ops"].list.s.extend([b"BiasAdd", b"Dequantize"])
    product.attr["input_quant_mode"].s = product.attr["output_quant_mode"].s = b"SCALED"
    return [
        make_constant(f"{name}/whole", whole, tf.qint8),
        *(make_constant(f"{name}/{key}", value) for key, value in constants.items()),
        product,
    ]


def _quantized_bounded(near: str, x: str) -> list[Node]:
    """Return nodes for q = round(127 x) as qint8 [rows, inner], for an x between -1 and 1.

    A whole number cannot say that it is none: `nothing` [rows, 1] is 0, and NaN for a row with NaN.
    """
    total = make_node(f"{near}/total", "Sum", [x, f"{near}/axis"], T=tf.float32, Tidx=tf.int32)
    total.attr["keep_dims"].b = True
    return [
        make_constant(f"{near}/axis", np.int32(1)),
        total,
        make_constant(f"{near}/zero", np.float32(0.0)),
        make_node(f"{near}/nothing", "Mul", [total.name, f"{near}/zero"]),
        make_constant(f"{near}/level", np.float32(LEVELS)),
        make_node(f"{near}/ratio", "Mul", [x, f"{near}/level"]),
        *_rounded(near),
    ]


def _quantized(near: str, x: str) -> list[Node]:
    """Return nodes for q = round(127 x / m) as qint8 [rows, inner] and scale = m / 127 [rows, 1].

    The row's largest size m comes from its largest and its least number: a pass that makes sizes of
    all of them would cost more than both. A broadcast product costs a quarter of a division.
    """
    ends = []
    for name, op in (("greatest", "Max"), ("least", "Min")):
        end = make_node(f"{near}/{name}", op, [x, f"{near}/axis"], T=tf.float32, Tidx=tf.int32)
        end.attr["keep_dims"].b = True
        ends.append(end)
    return [
        make_constant(f"{near}/axis", np.int32(1)),
        *ends,
        make_node(f"{near}/negated", "Neg", [f"{near}/least"]),
        make_node(f"{near}/most", "Maximum", [f"{near}/greatest", f"{near}/negated"]),
        make_constant(f"{near}/tiny", np.float32(TINY)),
        make_node(f"{near}/safe", "Maximum", [f"{near}/most", f"{near}/tiny"]),
        make_constant(f"{near}/level", np.float32(1.0 / LEVELS)),
        make_node(f"{near}/scale", "Mul", [f"{near}/safe", f"{near}/level"]),
        make_node(f"{near}/inverse", "Reciprocal", [f"{near}/scale"]),
        make_node(f"{near}/ratio", "Mul", [x, f"{near}/inverse"]),
        *_rounded(near),
    ]


def _rounded(near: str) -> list[Node]:
    return [
        make_node(f"{near}/rounded", "Round", [f"{near}/ratio"]),
        make_node(f"{near}/cast", "Cast", [f"{near}/rounded"], SrcT=tf.float32, DstT=tf.int8),
        make_node(f"{near}/q", "Bitcast", [f"{near}/cast"], T=tf.int8, type=tf.qint8),
    ]
