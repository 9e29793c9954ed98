#!/usr/bin/env python3
"""Builds the ONNX graph of a BERT encoder from safetensors and config.json, without torch.

usage: build_bert_onnx.py SOURCE_FOLDER OUTPUT.onnx

Standard operators of opset 17 only. Inputs input_ids, attention_mask and token_type_ids (int64, [batch, sequence]),
output last_hidden_state (float32, [batch, sequence, hidden]); pooling is the caller's. The graph is left unfused on
purpose: on CPUs ONNX Runtime's fused attention multiplies per head and text and was measured to be slower.
"""

import json
import sys
from pathlib import Path

import numpy as np
from onnx import TensorProto, checker, helper, numpy_helper, save_model
from safetensors import safe_open

OPSET = 17


class Graph:
    """Nodes and initializers under construction; every value is named after its one producer."""

    def __init__(self):
        self.nodes = []
        self.initializers = {}

    def constant(self, name, value):
        if name not in self.initializers:
            # np.asarray, not ascontiguousarray: the latter turns a 0-d Gather index into a 1-d one.
            self.initializers[name] = numpy_helper.from_array(np.asarray(value, order="C"), name)
        return name

    def node(self, operator, inputs, output, **attributes):
        self.nodes.append(helper.make_node(operator, inputs, [output], name=output, **attributes))
        return output


def load_weights(folder):
    with safe_open(folder / "model.safetensors", "np") as file:
        return {name.removeprefix("bert."): file.get_tensor(name) for name in file.keys()}


def embeddings(graph, weights, position_count, epsilon):
    prefix = "embeddings."
    word = graph.node(
        "Gather", [graph.constant("word", weights[prefix + "word_embeddings.weight"]), "input_ids"], "word_rows")
    kind = graph.node(
        "Gather",
        [graph.constant("type", weights[prefix + "token_type_embeddings.weight"]), "token_type_ids"],
        "type_rows")
    shape = graph.node("Shape", ["input_ids"], "shape")
    length = graph.node("Gather", [shape, graph.constant("axis1", np.array([1], np.int64))], "length")
    all_positions = graph.constant("positions", np.arange(position_count, dtype=np.int64)[None])
    zero = graph.constant("axis0", np.array([0], np.int64))
    positions = graph.node("Slice", [all_positions, zero, length, "axis1", "axis1"], "used_positions")
    position = graph.node(
        "Gather",
        [graph.constant("position", weights[prefix + "position_embeddings.weight"]), positions],
        "position_rows")
    total = graph.node("Add", [graph.node("Add", [word, kind], "word_type"), position], "embedded")
    return layer_norm(graph, weights, total, prefix + "LayerNorm", "embedded_norm", epsilon)


def layer_norm(graph, weights, value, key, output, epsilon):
    gain = graph.constant(output + ".gain", weights[key + ".weight"])
    bias = graph.constant(output + ".bias", weights[key + ".bias"])
    return graph.node("LayerNormalization", [value, gain, bias], output, axis=-1, epsilon=epsilon)


def linear(graph, weights, value, key, output):
    product = graph.node(
        "MatMul", [value, graph.constant(output + ".weight", weights[key + ".weight"].T)], output + ".product")
    return graph.node("Add", [graph.constant(output + ".bias", weights[key + ".bias"]), product], output)


def gelu(graph, value, name):
    root = graph.constant("sqrt2", np.float32(np.sqrt(2)))
    erf = graph.node("Erf", [graph.node("Div", [value, root], name + ".scaled")], name + ".erf")
    one = graph.node("Add", [erf, graph.constant("one", np.float32(1))], name + ".plus_one")
    product = graph.node("Mul", [value, one], name + ".product")
    return graph.node("Mul", [product, graph.constant("half", np.float32(0.5))], name)


def attention(graph, weights, value, mask, key, name, head_count, hidden):
    split = graph.constant("split", np.array([0, 0, head_count, hidden // head_count], np.int64))
    merge = graph.constant("merge", np.array([0, 0, hidden], np.int64))

    def heads(part, order):
        rows = linear(graph, weights, value, f"{key}.self.{part}", f"{name}.{part}")
        return graph.node(
            "Transpose", [graph.node("Reshape", [rows, split], f"{name}.{part}.split")], f"{name}.{part}.heads",
            perm=order)

    query, keys, values = heads("query", [0, 2, 1, 3]), heads("key", [0, 2, 3, 1]), heads("value", [0, 2, 1, 3])
    scores = graph.node("MatMul", [query, keys], name + ".scores")
    root = graph.constant("sqrt_head", np.float32(np.sqrt(hidden // head_count)))
    masked = graph.node("Add", [graph.node("Div", [scores, root], name + ".scaled"), mask], name + ".masked")
    mixed = graph.node("MatMul", [graph.node("Softmax", [masked], name + ".softmax", axis=-1), values], name + ".mixed")
    joined = graph.node("Transpose", [mixed], name + ".joined", perm=[0, 2, 1, 3])
    return linear(
        graph, weights, graph.node("Reshape", [joined, merge], name + ".merged"), f"{key}.output.dense",
        name + ".output")


def build(source, output):
    config = json.loads((source / "config.json").read_text())
    if config.get("hidden_act", "gelu") != "gelu":
        sys.exit(f"hidden_act is {config['hidden_act']!r}; only gelu is built")
    weights = load_weights(source)
    hidden, layers, heads = (config[key] for key in ("hidden_size", "num_hidden_layers", "num_attention_heads"))
    epsilon = float(config.get("layer_norm_eps", 1e-12))
    graph = Graph()

    value = embeddings(graph, weights, config["max_position_embeddings"], epsilon)
    mask = graph.node("Unsqueeze", ["attention_mask", graph.constant("axes12", np.array([1, 2], np.int64))], "mask4d")
    mask = graph.node("Cast", [mask], "mask_float", to=TensorProto.FLOAT)
    mask = graph.node("Sub", [graph.constant("one", np.float32(1)), mask], "mask_inverse")
    mask = graph.node("Mul", [mask, graph.constant("minus", np.float32(-10000))], "mask_bias")
    for index in range(layers):
        key, name = f"encoder.layer.{index}", f"layer{index}"
        attended = attention(graph, weights, value, mask, key + ".attention", name + ".attention", heads, hidden)
        value = layer_norm(
            graph, weights, graph.node("Add", [attended, value], name + ".residual1"),
            key + ".attention.output.LayerNorm", name + ".norm1", epsilon)
        inner = gelu(
            graph, linear(graph, weights, value, key + ".intermediate.dense", name + ".inner"), name + ".gelu")
        outer = linear(graph, weights, inner, key + ".output.dense", name + ".outer")
        value = layer_norm(
            graph, weights, graph.node("Add", [outer, value], name + ".residual2"), key + ".output.LayerNorm",
            "last_hidden_state" if index == layers - 1 else name + ".norm2", epsilon)

    axes = ["batch", "sequence"]
    model = helper.make_model(
        helper.make_graph(
            graph.nodes, "bert",
            [helper.make_tensor_value_info(name, TensorProto.INT64, axes)
             for name in ("input_ids", "attention_mask", "token_type_ids")],
            [helper.make_tensor_value_info("last_hidden_state", TensorProto.FLOAT, axes + [hidden])],
            list(graph.initializers.values())),
        opset_imports=[helper.make_opsetid("", OPSET)], producer_name="build_bert_onnx", ir_version=8)
    checker.check_model(model)
    save_model(model, output)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    build(Path(sys.argv[1]), Path(sys.argv[2]))
