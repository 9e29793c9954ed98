#!/usr/bin/env python3
"""Writes the tiny ONNX files of Tests/TextModelsTests/Runtime/Fixtures (a few hundred bytes each).

usage: make_fixtures.py OUTPUT_FOLDER

Those that embed anything embed a token id as four numbers [id, id + 1, -id, 1], so that a test can work out every result by hand.
"""

import sys
from pathlib import Path

import numpy as np
from onnx import TensorProto, checker, helper, numpy_helper, save_model

IDS = ("input_ids", TensorProto.INT64, ["batch", "sequence"])
MASK = ("attention_mask", TensorProto.INT64, ["batch", "sequence"])
STATES = ("token_states", TensorProto.FLOAT, ["batch", "sequence", 4])


def constant(name, values, kind=np.float32):
    return numpy_helper.from_array(np.array(values, kind), name)


def states(output="token_states"):
    """Nodes that make the states out of input_ids."""
    return [
        helper.make_node("Cast", ["input_ids"], ["ids"], to=TensorProto.FLOAT),
        helper.make_node("Unsqueeze", ["ids", "axis2"], ["column"]),
        helper.make_node("Mul", ["column", "factor"], ["scaled"]),
        helper.make_node("Add", ["scaled", "offset"], [output]),
    ]


BASE = [constant("factor", [1, 1, -1, 0]), constant("offset", [0, 1, 0, 1]), constant("axis2", [2], np.int64)]


def write(folder, name, nodes, inputs, outputs, initializers):
    infos = [[helper.make_tensor_value_info(*value) for value in values] for values in (inputs, outputs)]
    model = helper.make_model(
        helper.make_graph(nodes, name, *infos, initializers), opset_imports=[helper.make_opsetid("", 17)],
        producer_name="make_fixtures", ir_version=8)
    checker.check_model(model)
    save_model(model, folder / f"{name}.onnx")


def main(folder):
    write(folder, "states", states(), [IDS, MASK], [STATES], BASE)
    half = states("wide") + [helper.make_node("Cast", ["wide"], ["token_states"], to=TensorProto.FLOAT16)]
    write(folder, "half", half, [IDS], [("token_states", TensorProto.FLOAT16, ["batch", "sequence", 4])], BASE)
    pooled = states("wide") + [helper.make_node("ReduceMean", ["wide"], ["pooled"], axes=[1], keepdims=0)]
    write(folder, "pooled", pooled, [IDS], [("pooled", TensorProto.FLOAT, ["batch", 4])], BASE)
    both = states() + [helper.make_node("Neg", ["token_states"], ["other_states"])]
    write(folder, "two-outputs", both, [IDS], [STATES, ("other_states", *STATES[1:])], BASE)
    nan = states("wide") + [helper.make_node("Sqrt", ["wide"], ["token_states"])]
    write(folder, "not-a-number", nan, [IDS], [STATES], BASE)
    past = ("past_key_values.0.key", TensorProto.FLOAT, ["batch", "sequence", 4])
    extra = states("wide") + [helper.make_node("Add", ["wide", past[0]], ["token_states"])]
    write(folder, "unknown-input", extra, [IDS, past], [STATES], BASE)
    fixed = ("input_ids", TensorProto.INT64, [1, 64])
    write(folder, "fixed-shape", states(), [fixed], [("token_states", TensorProto.FLOAT, [1, 64, 4])], BASE)
    scores = [helper.make_node("Cast", ["input_ids"], ["scores"], to=TensorProto.FLOAT16),
              helper.make_node("Cast", ["scores"], ["ranks"], to=TensorProto.INT32)]
    write(folder, "no-float-output", scores, [IDS], [("ranks", TensorProto.INT32, IDS[2])], [])


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(Path(sys.argv[1]))
