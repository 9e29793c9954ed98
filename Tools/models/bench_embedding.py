#!/usr/bin/env python3
"""Compares Strata's embedder with ONNX Runtime driven from Python, in alternating rounds of one run.

usage: bench_embedding.py EMBED_BENCH_BINARY TEXTS.json ROUNDS SECONDS MODEL_FOLDER...

TEXTS.json holds an object of name to list of texts. Text in, unit vectors out, best of all rounds. The Python side
sorts by length, runs batches of at most 512 padded tokens and uses all cores inside a run. Build the binary with
`swift build -c release --package-path Tools/models/embed-bench`; run with the Python of $STRATA_HOME/tools-venv.
"""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import onnxruntime
import tokenizers


class PythonEmbedder:
    """The same recipe as Strata's, with the cores inside each run, as Python programs use ONNX Runtime."""

    def __init__(self, folder):
        card = json.loads((folder / "strata-model.json").read_text())
        self.tokenizer = tokenizers.Tokenizer.from_file(str(folder / "tokenizer.json"))
        self.tokenizer.no_padding()
        self.tokenizer.enable_truncation(card["tokenCountMax"])
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = os.cpu_count()
        options.inter_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(str(folder / "model.onnx"), options)

    def embed(self, texts):
        rows = [encoding.ids for encoding in self.tokenizer.encode_batch(texts)]
        order = sorted(range(len(rows)), key=lambda index: -len(rows[index]))
        vectors = np.empty((len(rows), 384), np.float32)
        start = 0
        while start < len(order):
            count = max(1, 512 // len(rows[order[start]]))
            batch = order[start:start + count]
            start += count
            width = len(rows[batch[0]])
            ids = np.zeros((len(batch), width), np.int64)
            mask = np.zeros_like(ids)
            for row, index in enumerate(batch):
                ids[row, :len(rows[index])] = rows[index]
                mask[row, :len(rows[index])] = 1
            states = self.session.run(
                None, {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)})[0]
            weights = mask[:, :, None].astype(np.float32)
            mean = (states * weights).sum(1) / weights.sum(1)
            vectors[batch] = mean / np.linalg.norm(mean, axis=1, keepdims=True)
        return vectors


def measure_python(folder, groups, seconds):
    """Texts per second of each group, and the median time of a single text."""
    start = time.perf_counter()
    embedder = PythonEmbedder(folder)
    report = {"loadMilliseconds": (time.perf_counter() - start) * 1000, "textsPerSecond": {}, "singleP50Milliseconds": {}}
    for name, texts in groups.items():
        times, end = [], time.perf_counter() + seconds
        while not times or time.perf_counter() < end:
            start = time.perf_counter()
            embedder.embed(texts)
            times.append(time.perf_counter() - start)
        report["textsPerSecond"][name] = len(texts) / min(times)
        singles, end = [], time.perf_counter() + seconds
        while not singles or time.perf_counter() < end:
            start = time.perf_counter()
            embedder.embed([texts[len(singles) % len(texts)]])
            singles.append(time.perf_counter() - start)
        report["singleP50Milliseconds"][name] = float(np.median(singles)) * 1000
    return report


def keep_best(known, report):
    """Takes over each figure that beats the known one: rates that are higher, times that are lower."""
    for key, value in report.items():
        if isinstance(value, dict):
            better = max if key.startswith("textsPerSecond") else min
            figures = known.setdefault(key, {})
            for name, figure in value.items():
                figures[name] = round(better(figure, figures.get(name, figure)), 3)
        else:
            known[key] = round(min(value, known.get(key, value)), 1)


def main():
    binary, texts, rounds, seconds, *folders = sys.argv[1:]
    groups = json.loads(Path(texts).read_text())
    results = {}
    for _ in range(int(rounds)):
        for folder in map(Path, folders):
            def swift(*options):
                run = subprocess.run([binary, folder, texts, seconds, *options], check=True, stdout=subprocess.PIPE)
                return json.loads(run.stdout)
            for way, report in (("python", measure_python(folder, groups, float(seconds))), ("strata", swift()),
                                ("strata, threads inside a run", swift(str(os.cpu_count())))):
                keep_best(results.setdefault(folder.name, {}).setdefault(way, {}), report)
    print(json.dumps(results, indent=1))


if __name__ == "__main__":
    if len(sys.argv) < 6:
        sys.exit(__doc__)
    main()
