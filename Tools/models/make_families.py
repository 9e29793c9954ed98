#!/usr/bin/env python3
"""Makes small models with random weights, one for each signature that exports of known models have, and what they give.

usage: make_families.py OUTPUT_FOLDER

Every model is a folder with model.onnx, tokenizer.json, strata-model.json and golden.json. The graphs are built here
node by node; the golden numbers come from a second description of the same maths in NumPy, text by text and without
padding, over the ids of the reference tokenizer.
"""

import hashlib
import json
import sys
from pathlib import Path

import numpy as np
import safetensors.numpy
import tokenizers
from onnx import TensorProto, checker, helper, numpy_helper, save_model
from tokenizers import decoders, models, normalizers, pre_tokenizers, processors, trainers

HIDDEN, HEADS, KEY_HEADS, HEAD, LAYERS, POSITIONS = 32, 4, 2, 8, 2, 72
LENGTH_MAX = 64
CORPUS = [
    "The user prefers metric units and a quiet office.", "My sister repaired the blue bicycle before the holidays.",
    "Which snack could be dangerous for the dog?", "A neighbour asked about the garden gate on Thursday.",
    "Die Nachtschicht hat die Sicherung vergessen.", "Où est la bibliothèque, et qui garde les clés ?",
    "記憶は大切です。", "The backup job moved to another server while the build was running.",
]
TEXTS = CORPUS + ["", "a", "?!", "emoji 😀 and naïve café", "the backup job ran again and again " * 20]
QUERIES = ["Which units does the user like?", "Who repaired the bicycle?"]


# --- Tokenizers --------------------------------------------------------------------------------------------------

def wordpiece():
    tokenizer = tokenizers.Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.train_from_iterator(CORPUS, trainers.WordPieceTrainer(
        vocab_size=300, special_tokens=["[PAD]", "[UNK]", "[CLS]", "[SEP]"], show_progress=False))
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=[("[CLS]", 2), ("[SEP]", 3)])
    return tokenizer


def unigram():
    tokenizer = tokenizers.Tokenizer(models.Unigram())
    tokenizer.normalizer = normalizers.NFKC()
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.train_from_iterator(CORPUS, trainers.UnigramTrainer(
        vocab_size=200, special_tokens=["<s>", "<pad>", "</s>", "<unk>"], unk_token="<unk>", show_progress=False))
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", pair="<s> $A </s> </s> $B </s>", special_tokens=[("<s>", 0), ("</s>", 2)])
    return tokenizer


def byte_level():
    tokenizer = tokenizers.Tokenizer(models.BPE())
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.train_from_iterator(CORPUS + ["yes no yes no"], trainers.BpeTrainer(
        vocab_size=400, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False,
        special_tokens=["<|endoftext|>", "<|im_start|>", "<|im_end|>"]))
    tokenizer.post_processor = processors.TemplateProcessing(
        single="$A <|endoftext|>", pair="$A $B <|endoftext|>", special_tokens=[("<|endoftext|>", 0)])
    return tokenizer


# --- The maths, twice --------------------------------------------------------------------------------------------

class Weights:
    """Random weights, made once under each name."""

    def __init__(self, seed):
        self.random, self.arrays = np.random.default_rng(seed), {}

    def __call__(self, name, *shape):
        if name not in self.arrays:
            scale = 1 if name in ("word", "position", "type") else 1 / np.sqrt(shape[0])
            self.arrays[name] = (self.random.standard_normal(shape) * scale).astype(np.float32)
        return self.arrays[name]


def layer_norm(x):
    return (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + 1e-5)


def rms_norm(x):
    return x / np.sqrt((x * x).mean(-1, keepdims=True) + 1e-6)


def softmax(x):
    x = np.exp(x - x.max(-1, keepdims=True))
    return x / x.sum(-1, keepdims=True)


def rotate(x, positions):
    angle = positions[:, None] / 10000 ** (np.arange(HEAD // 2) / (HEAD // 2))
    cos, sin = (np.concatenate([part, part], -1)[:, None] for part in (np.cos(angle), np.sin(angle)))
    half = np.concatenate([-x[..., HEAD // 2:], x[..., :HEAD // 2]], -1)
    return x * cos + half * sin


def encode(w, ids, types, first_position):
    """The states of one text under a post-norm encoder."""
    x = w("word", 1000, HIDDEN)[ids] + w("position", POSITIONS, HIDDEN)[np.arange(len(ids)) + first_position]
    x = layer_norm(x + w("type", 2, HIDDEN)[types])
    for layer in range(LAYERS):
        q, k, v = (
            (x @ w(f"{layer}.{part}", HIDDEN, HEADS * HEAD)).reshape(-1, HEADS, HEAD).transpose(1, 0, 2) for part in "qkv")
        mixed = softmax(q @ k.transpose(0, 2, 1) / np.sqrt(HEAD)) @ v
        x = layer_norm(x + mixed.transpose(1, 0, 2).reshape(len(ids), -1) @ w(f"{layer}.o", HEADS * HEAD, HIDDEN))
        x = layer_norm(x + np.maximum(x @ w(f"{layer}.up", HIDDEN, 64), 0) @ w(f"{layer}.down", 64, HIDDEN))
    return x


def decode(w, ids):
    """The states of one text under a causal pre-norm decoder with grouped heads and rotated positions."""
    x = w("word", 1000, HIDDEN)[ids]
    for layer in range(LAYERS):
        y = rms_norm(x)
        q = (y @ w(f"{layer}.q", HIDDEN, HEADS * HEAD)).reshape(-1, HEADS, HEAD)
        k, v = ((y @ w(f"{layer}.{part}", HIDDEN, KEY_HEADS * HEAD)).reshape(-1, KEY_HEADS, HEAD) for part in "kv")
        q, k = rotate(q, np.arange(len(ids))), rotate(k, np.arange(len(ids)))
        k, v = (np.repeat(part, HEADS // KEY_HEADS, 1).transpose(1, 0, 2) for part in (k, v))
        scores = q.transpose(1, 0, 2) @ k.transpose(0, 2, 1) / np.sqrt(HEAD)
        scores = np.where(np.tri(len(ids), dtype=bool), scores, -1e9)
        x = x + (softmax(scores) @ v).transpose(1, 0, 2).reshape(len(ids), -1) @ w(f"{layer}.o", HEADS * HEAD, HIDDEN)
        y = rms_norm(x)
        x = x + np.maximum(y @ w(f"{layer}.up", HIDDEN, 64), 0) @ w(f"{layer}.down", 64, HIDDEN)
    return rms_norm(x)


class Graph:
    """ONNX nodes over the same weights."""

    def __init__(self, weights):
        self.w, self.nodes, self.constants, self.inputs, self.outputs = weights, [], {}, [], []

    def op(self, kind, *inputs, output=None, **attributes):
        names = [value if isinstance(value, str) else self.constant(value) for value in inputs]
        output = output or f"t{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, names, [output], **attributes))
        return output

    def constant(self, value):
        value = np.asarray(value, np.float32) if np.asarray(value).dtype == np.float64 else np.asarray(value)
        return self.named(f"c{len(self.constants)}", value)

    def named(self, name, value):
        self.constants[name] = numpy_helper.from_array(value, name)
        return name

    def weight(self, name, *shape):
        return self.named("w." + name, self.w(name, *shape))

    def input(self, name, shape, kind=TensorProto.INT64):
        self.inputs.append(helper.make_tensor_value_info(name, kind, shape))
        return name

    def output(self, name, shape, kind=TensorProto.FLOAT):
        self.outputs.append(helper.make_tensor_value_info(name, kind, shape))

    def linear(self, x, name, *shape):
        return self.op("MatMul", x, self.weight(name, *shape))

    def heads(self, x, count):
        return self.op("Transpose", self.op("Reshape", x, np.array([0, 0, count, HEAD])), perm=[0, 2, 1, 3])

    def joined(self, x):
        x = self.op("Transpose", x, perm=[0, 2, 1, 3])
        return self.op("Reshape", x, np.array([0, 0, HEADS * HEAD]))

    def attend(self, q, k, v, allowed):
        scores = self.op("Div", self.op("MatMul", q, self.op("Transpose", k, perm=[0, 1, 3, 2])), np.sqrt(HEAD))
        scores = self.op("Where", allowed, scores, np.float32(-1e9))
        return self.op("MatMul", self.op("Softmax", scores, axis=-1), v)

    def layer_norm(self, x):
        return self.op("LayerNormalization", x, np.ones(HIDDEN, np.float32), np.zeros(HIDDEN, np.float32), epsilon=1e-5)

    def rms_norm(self, x):
        mean = self.op("ReduceMean", self.op("Mul", x, x), axes=[-1])
        return self.op("Div", x, self.op("Sqrt", self.op("Add", mean, np.float32(1e-6))))

    def mlp(self, x, layer):
        return self.linear(self.op("Relu", self.linear(x, f"{layer}.up", HIDDEN, 64)), f"{layer}.down", 64, HIDDEN)

    def encoder(self, has_types, pad_based_positions):
        ids, mask = self.input("input_ids", ["b", "s"]), self.input("attention_mask", ["b", "s"])
        if pad_based_positions:  # as RoBERTa counts: the pads stay at 1, the text begins at 2
            counted = self.op("Mul", self.op("CumSum", mask, np.array(1)), mask)
            positions = self.op("Add", counted, np.array(1))
        else:
            counted = self.op("CumSum", self.op("Add", self.op("Mul", ids, np.array(0)), np.array(1)), np.array(1))
            positions = self.op("Sub", counted, np.array(1))
        x = self.op("Gather", self.weight("word", 1000, HIDDEN), ids)
        x = self.op("Add", x, self.op("Gather", self.weight("position", POSITIONS, HIDDEN), positions))
        types = self.input("token_type_ids", ["b", "s"]) if has_types else self.op("Mul", ids, np.array(0))
        x = self.layer_norm(self.op("Add", x, self.op("Gather", self.weight("type", 2, HIDDEN), types)))
        allowed = self.op("Cast", self.op("Unsqueeze", mask, np.array([1, 2])), to=TensorProto.BOOL)
        for layer in range(LAYERS):
            q, k, v = (self.heads(self.linear(x, f"{layer}.{part}", HIDDEN, HEADS * HEAD), HEADS) for part in "qkv")
            mixed = self.joined(self.attend(q, k, v, allowed))
            x = self.layer_norm(self.op("Add", x, self.linear(mixed, f"{layer}.o", HEADS * HEAD, HIDDEN)))
            x = self.layer_norm(self.op("Add", x, self.mlp(x, layer)))
        return x

    def rotated(self, x, positions):
        frequencies = (1 / 10000 ** (np.arange(HEAD // 2) / (HEAD // 2))).astype(np.float32)
        angle = self.op("Unsqueeze", self.op("Cast", positions, to=TensorProto.FLOAT), np.array([2]))
        angle = self.op("Mul", angle, np.concatenate([frequencies, frequencies])[None, None])
        cos, sin = (self.op("Unsqueeze", self.op(kind, angle), np.array([1])) for kind in ("Cos", "Sin"))
        low = self.op("Slice", x, np.array([0]), np.array([HEAD // 2]), np.array([3]))
        high = self.op("Slice", x, np.array([HEAD // 2]), np.array([HEAD]), np.array([3]))
        half = self.op("Concat", self.op("Neg", high), low, axis=3)
        return self.op("Add", self.op("Mul", x, cos), self.op("Mul", half, sin))

    def decoder(self, past_kind, has_position_input):
        ids, mask = self.input("input_ids", ["b", "s"]), self.input("attention_mask", ["b", "t"])
        count = self.op("CumSum", self.op("Add", self.op("Mul", ids, np.array(0)), np.array(1)), np.array(1))
        order = self.op("Sub", count, np.array(1))
        positions = self.input("position_ids", ["b", "s"]) if has_position_input else order
        x = self.op("Gather", self.weight("word", 1000, HIDDEN), ids)
        causal = self.op("LessOrEqual", self.op("Unsqueeze", order, np.array([1])), self.op("Unsqueeze", order, np.array([2])))
        present = self.op("Cast", self.op("Unsqueeze", mask, np.array([1])), to=TensorProto.BOOL)
        allowed = self.op("Unsqueeze", self.op("And", causal, present), np.array([1]))
        for layer in range(LAYERS):
            y = self.rms_norm(x)
            q = self.rotated(self.heads(self.linear(y, f"{layer}.q", HIDDEN, HEADS * HEAD), HEADS), positions)
            k, v = (self.heads(self.linear(y, f"{layer}.{part}", HIDDEN, KEY_HEADS * HEAD), KEY_HEADS) for part in "kv")
            k = self.rotated(k, positions)
            if past_kind:
                k, v = (self.cached(part, f"{layer}.{name}", past_kind) for part, name in ((k, "key"), (v, "value")))
            group = np.repeat(np.arange(KEY_HEADS), HEADS // KEY_HEADS)
            k, v = (self.op("Gather", part, group, axis=1) for part in (k, v))
            mixed = self.joined(self.attend(q, k, v, allowed))
            x = self.op("Add", x, self.linear(mixed, f"{layer}.o", HEADS * HEAD, HIDDEN))
            x = self.op("Add", x, self.mlp(self.rms_norm(x), layer))
        return self.rms_norm(x)

    def cached(self, part, name, kind):
        past = self.input(f"past_key_values.{name}", ["b", KEY_HEADS, "past", HEAD], kind)
        part = self.op("Concat", self.op("Cast", past, to=TensorProto.FLOAT), part, axis=2)
        self.op("Cast", part, to=kind, output=f"present.{name}")
        self.output(f"present.{name}", ["b", KEY_HEADS, "t", HEAD], kind)
        return part

    def save(self, folder, external=False):
        graph = helper.make_graph(self.nodes, "family", self.inputs, self.outputs, list(self.constants.values()))
        model = helper.make_model(
            graph, opset_imports=[helper.make_opsetid("", 17)], producer_name="make_families", ir_version=8)
        checker.check_model(model)
        save_model(model, folder / "model.onnx", save_as_external_data=external, location="model.onnx_data", size_threshold=1024)


# --- The families ------------------------------------------------------------------------------------------------

def card(folder, kind, data=(), **fields):
    digest = hashlib.sha256()
    for name in ["model.onnx", *data]:
        digest.update((folder / name).read_bytes())
    (folder / "strata-model.json").write_text(json.dumps({
        "schemaVersion": 1, "name": folder.name, "kind": kind, "precision": "float32", "source": "make_families.py",
        "license": "CC0-1.0", "sha256": digest.hexdigest(), "tokenCountMax": LENGTH_MAX, "batchInvariant": True,
        "files": {"model": "model.onnx", "tokenizer": "tokenizer.json", "data": list(data)}, **fields}))


def embedding(root, name, tokenizer, weights, build, states, pooling, *, output=("last_hidden_state", TensorProto.FLOAT),
              side="right", query="", document="", dimension=HIDDEN, external=False):
    folder = root / name
    folder.mkdir(parents=True)
    tokenizer.save(str(folder / "tokenizer.json"))
    graph = Graph(weights)
    x = build(graph)
    if pooling == "none":
        x = graph.op("Gather", x, np.array(0), axis=1)
    graph.op("Cast", x, to=output[1], output=output[0])
    graph.output(output[0], ["b", HIDDEN] if pooling == "none" else ["b", "s", HIDDEN], output[1])
    graph.save(folder, external)
    tokenizer.enable_truncation(LENGTH_MAX)

    def vector(text, role):
        encoding = tokenizer.encode((query if role == "query" else document) + text)
        x = states(np.array(encoding.ids), np.array(encoding.type_ids)).astype(np.float64)
        x = {"mean": x.mean(0), "cls": x[0], "none": x[0], "last": x[-1]}[pooling][:dimension]
        return x / np.linalg.norm(x)

    pairs = [{"first": a, "second": b, "cosine": float(vector(a, "document") @ vector(b, "document"))}
             for a, b in (CORPUS[:2], CORPUS[2:4])]
    pairs.append({"first": QUERIES[0], "firstRole": "query", "second": CORPUS[0],
                  "cosine": float(vector(QUERIES[0], "query") @ vector(CORPUS[0], "document"))})
    card(folder, "embedding", ["model.onnx_data"] if external else (), pooling=pooling, normalize=True, queryPrefix=query,
         documentPrefix=document, paddingSide=side, dimension=dimension, longText="truncate",
         selfTest={"tolerance": 0.005, "pairs": pairs})
    golden = [{"text": text, "role": role, "vector": [float(np.float32(part)) for part in vector(text, role)]}
              for role, texts in (("document", TEXTS), ("query", QUERIES)) for text in texts]
    (folder / "golden.json").write_text(json.dumps(golden, ensure_ascii=False))


def reranker(root, name, tokenizer, weights, build, score, *, side="right", prompt=None, **meaning):
    folder = root / name
    folder.mkdir(parents=True)
    tokenizer.save(str(folder / "tokenizer.json"))

    def pair(question, text):
        if prompt:
            start, end = (tokenizer.encode(prompt[part], add_special_tokens=False).ids for part in ("start", "end"))
            body = prompt["beforeQuery"] + question + prompt["beforeDocument"] + text
            ids = tokenizer.encode(body, add_special_tokens=False).ids[:LENGTH_MAX - len(start) - len(end)]
            return score(np.array(start + ids + end), None)
        tokenizer.enable_truncation(LENGTH_MAX, strategy="only_second")
        encoding = tokenizer.encode(question, text)
        return score(np.array(encoding.ids), np.array(encoding.type_ids))

    # Random logits lie anywhere; spread around zero they make scores of all sizes.
    raw = np.array([pair(question, text) for question in QUERIES for text in TEXTS], np.float64)
    gain = 2 / raw.std()
    bias = -raw.mean() * gain
    graph = Graph(weights)
    build(graph, np.float32(gain), np.float32(bias))
    graph.save(folder)

    def squash(logit):
        return float(1 / (1 + np.exp(-(np.float64(logit) * gain + bias))))

    golden = [{"query": question, "text": text, "score": squash(pair(question, text))}
              for question in QUERIES for text in TEXTS]
    first = sorted((entry for entry in golden[:len(CORPUS)]), key=lambda entry: entry["score"])
    calibration = {"query": QUERIES[0], "relevant": first[-1]["text"], "irrelevant": first[0]["text"]}
    assert first[-1]["score"] - first[0]["score"] > 0.06, f"{name} cannot tell any texts apart; take another seed"
    card(folder, "reranker", paddingSide=side, reranking={
        "activation": "sigmoid", "calibration": calibration, **({"prompt": prompt} if prompt else {}), **meaning})
    (folder / "golden.json").write_text(json.dumps(golden, ensure_ascii=False))


def static(root, name, tokenizer, tensors, dimension):
    """A table of token vectors; the reference is model2vec's, in which unknown words do not count."""
    folder = root / name
    folder.mkdir(parents=True)
    tokenizer.save(str(folder / "tokenizer.json"))
    safetensors.numpy.save_file(tensors, folder / "model.onnx")
    unknown = tokenizer.token_to_id("[UNK]")

    def vector(text):
        ids = [i for i in tokenizer.encode(text, add_special_tokens=False).ids if i != unknown][:LENGTH_MAX]
        rows = tensors["embeddings"][tensors["mapping"][ids]].astype(np.float64)[:, :dimension]
        x = (rows * tensors["weights"][ids][:, None]).mean(0) if ids else np.eye(dimension)[0]
        return x / np.linalg.norm(x)

    card(folder, "static", queryPrefix="", documentPrefix="", dimension=dimension, selfTest={
        "pairs": [{"first": CORPUS[0], "second": CORPUS[1], "cosine": float(vector(CORPUS[0]) @ vector(CORPUS[1]))}]})
    golden = [{"text": text, "role": "document", "vector": [float(np.float32(part)) for part in vector(text)]} for text in TEXTS]
    (folder / "golden.json").write_text(json.dumps(golden, ensure_ascii=False))


def main(root):
    for dimension, tokenizer in ((16, wordpiece()), (10, unigram())):
        random = np.random.default_rng(9)
        count = tokenizer.get_vocab_size()
        static(root, f"static-{dimension}", tokenizer, {
            "embeddings": random.integers(-127, 128, (40, 16)).astype(np.int8),
            "weights": random.random(count), "mapping": random.integers(0, 40, count)}, dimension)
    w = Weights(1)
    embedding(root, "bert-mean", wordpiece(), w, lambda g: g.encoder(True, False),
              lambda ids, types: encode(w, ids, types, 0), "mean", query="query: ", document="passage: ")
    w = Weights(2)
    embedding(root, "xlmr-cls-external", unigram(), w, lambda g: g.encoder(False, True),
              lambda ids, types: encode(w, ids, types * 0, 2), "cls", external=True)
    w = Weights(3)
    embedding(root, "pooled-shortened", wordpiece(), w, lambda g: g.encoder(True, False),
              lambda ids, types: encode(w, ids, types, 0), "none", output=("sentence_embedding", TensorProto.FLOAT), dimension=12)
    instruct = "Instruct: Find what answers\nQuery:"
    for side in ("left", "right"):
        for past, positions, kind in ((TensorProto.FLOAT, True, TensorProto.FLOAT),
                                      (TensorProto.FLOAT16, True, TensorProto.FLOAT16)):
            w = Weights(4)
            name = f"decoder-{side}-{'half' if kind == TensorProto.FLOAT16 else 'float'}"
            embedding(root, name, byte_level(), w, lambda g: g.decoder(past, positions), lambda ids, types: decode(w, ids),
                      "last", output=("last_hidden_state", kind), side=side, query=instruct, dimension=16)
    w = Weights(5)
    embedding(root, "decoder-bare", byte_level(), w, lambda g: g.decoder(None, False), lambda ids, types: decode(w, ids),
              "last", query=instruct)

    def classes(w, count, squeezed, positive=0):
        def build(g, gain, bias):
            x = g.linear(g.op("Gather", g.encoder(True, False), np.array(0), axis=1), "head", HIDDEN, 2)
            x = g.op("Add", g.op("Mul", x, gain), bias * np.eye(2, dtype=np.float32)[positive])
            if count == 1:
                x = g.op("Slice", x, np.array([0]), np.array([1]), np.array([1]))
            x = g.op("Squeeze", x, np.array([1])) if squeezed else x
            g.op("Identity", x, output="logits")
            g.output("logits", ["b"] if squeezed else ["b", count])
        return build

    def logits(w):
        return lambda ids, types: encode(w, ids, types, 0)[0] @ w("head", HIDDEN, 2)

    for name, count, squeezed in (("rerank-n", 1, True), ("rerank-n1", 1, False)):
        w = Weights(6)
        reranker(root, name, wordpiece(), w, classes(w, count, squeezed), lambda ids, types: logits(w)(ids, types)[0])
    for column in (0, 1):
        w = Weights(7)
        reranker(root, f"rerank-n2-column{column}", wordpiece(), w, classes(w, 2, False, column),
                 lambda ids, types: logits(w)(ids, types) @ (np.array([-1, 1]) * (2 * column - 1)), positiveColumn=column)
    for side, past in (("left", TensorProto.FLOAT), ("right", None)):
        w, tokenizer = Weights(8), byte_level()
        yes, no = tokenizer.token_to_id("yes"), tokenizer.token_to_id("no")

        def vocabulary(g, gain, bias):
            x = g.linear(g.decoder(past, past is not None), "head", HIDDEN, 400)
            x = g.op("Add", g.op("Mul", x, gain), bias * np.eye(400, dtype=np.float32)[yes])
            g.op("Cast", x, to=TensorProto.FLOAT16, output="logits")
            g.output("logits", ["b", "s", 400], TensorProto.FLOAT16)

        reranker(root, f"rerank-vocabulary-{side}", tokenizer, w, vocabulary,
                 lambda ids, types: (decode(w, ids)[-1] @ w("head", HIDDEN, 400))[[yes, no]] @ [1, -1], side=side,
                 positiveToken="yes", negativeToken="no",
                 prompt={"start": "<|im_start|>", "beforeQuery": "<Query>: ", "beforeDocument": "\n<Document>: ",
                         "end": "<|im_end|>\nyes?"})


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(Path(sys.argv[1]))
