"""The peer of strata-bench: embeds texts with onnxruntime and tokenizers, one timed pass a request.

usage: embed_bench.py MODEL_FOLDER TEXTS.json
TEXTS.json maps names of sets to lists of texts. The first line of output describes the peer; then each line of input
"SET arrival" or "SET sorted" gives one line {"seconds": ...}. Timed is all from text to unit vectors, which a file
named after the order receives as 32-bit floats.
"""
import json
import os
import sys
import time


def say(reply):
    print(json.dumps(reply), flush=True)


try:
    import numpy as np
    import onnxruntime
    import tokenizers
except ImportError as error:
    say({"error": f"{error}; run Tools/setup --test or name a Python that has it with --python"})
    sys.exit(1)

BATCH = 64


class Peer:
    """Mean pooling over the last hidden states, all cores in one session, whole batches: the usual way in Python."""

    def __init__(self, folder):
        with open(os.path.join(folder, "strata-model.json"), encoding="utf-8") as file:
            card = json.load(file)
        if card["pooling"] != "mean" or card["documentPrefix"]:
            raise SystemExit("the peer knows models with mean pooling and without prefixes only")
        self.tokenizer = tokenizers.Tokenizer.from_file(os.path.join(folder, card["files"]["tokenizer"]))
        self.tokenizer.no_padding()
        self.tokenizer.enable_truncation(card["tokenCountMax"])
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = len(os.sched_getaffinity(0))
        self.session = onnxruntime.InferenceSession(
            os.path.join(folder, card["files"]["model"]), options, providers=["CPUExecutionProvider"])
        self.inputs = {one.name for one in self.session.get_inputs()}

    def tokens(self, texts):
        return [encoding.ids for encoding in self.tokenizer.encode_batch(texts)]

    def embed(self, texts, is_sorted):
        tokens = self.tokens(texts)
        order = sorted(range(len(texts)), key=lambda i: len(tokens[i])) if is_sorted else range(len(texts))
        vectors = None
        for start in range(0, len(order), BATCH):
            batch = list(order[start:start + BATCH])
            length = max(len(tokens[i]) for i in batch)
            ids = np.zeros((len(batch), length), np.int64)
            mask = np.zeros_like(ids)
            for row, i in enumerate(batch):
                ids[row, :len(tokens[i])] = tokens[i]
                mask[row, :len(tokens[i])] = 1
            feed = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
            states = self.session.run(None, {name: value for name, value in feed.items() if name in self.inputs})[0]
            weights = mask[:, :, None].astype(np.float32)
            pooled = (states * weights).sum(1) / weights.sum(1)
            if vectors is None:
                vectors = np.zeros((len(texts), pooled.shape[1]), np.float32)
            vectors[batch] = pooled / np.linalg.norm(pooled, axis=1, keepdims=True)
        return vectors


def main():
    peer = Peer(sys.argv[1])
    with open(sys.argv[2], encoding="utf-8") as file:
        sets = json.load(file)
    for texts in sets.values():
        peer.embed(texts[:2 * BATCH], True)
    say({
        "versions": f"onnxruntime {onnxruntime.__version__}, tokenizers {tokenizers.__version__}, "
                    f"{len(os.sched_getaffinity(0))} threads",
        "tokens": {name: sum(map(len, peer.tokens(texts))) for name, texts in sets.items()},
    })
    for line in sys.stdin:
        name, order, *file = line.rstrip("\n").split(" ", 2)
        start = time.perf_counter()
        vectors = peer.embed(sets[name], order == "sorted")
        seconds = time.perf_counter() - start
        if file:
            vectors.tofile(file[0])
        say({"seconds": seconds})


main()
