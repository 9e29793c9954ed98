#!/usr/bin/env python3
"""Writes reference embeddings of wordllama's token table: what its own Python implementation makes of a fixed list.

usage: make_static_golden.py WHEEL_FOLDER OUTPUT_FOLDER
       make_static_golden.py --card WHEEL_FOLDER

WHEEL_FOLDER holds the unpacked wheel. OUTPUT_FOLDER gets texts.json (a list of texts) and vectors.f32 (one
little-endian float32 row a text). --card prints the cosines of the card's self-test.
"""

import json
import sys
import types
from pathlib import Path

import numpy as np
import safetensors.numpy
import tokenizers

from make_golden import make_texts

PAIRS = [("That is a happy person", "That is a happy dog"), ("That is a happy person", "That is a very happy person"),
         ("That is a happy person", "Today is a sunny day")]


def load(wheel):
    # The package's own __init__ wants packages for downloads and training; its inference does not.
    package = types.ModuleType("wordllama")
    package.__path__ = [str(wheel / "wordllama")]
    sys.modules["wordllama"] = package
    from wordllama.inference import WordLlamaInference

    table = safetensors.numpy.load_file(wheel / "wordllama/weights/l2_supercat_256.safetensors")["embedding.weight"]
    tokenizer = tokenizers.Tokenizer.from_file(str(wheel / "wordllama/tokenizers/l2_supercat_tokenizer_config.json"))
    return WordLlamaInference(table, tokenizer)


if __name__ == "__main__":
    if len(sys.argv) == 3 and sys.argv[1] == "--card":
        model = load(Path(sys.argv[2]))
        for first, second in PAIRS:
            a, b = model.embed([first, second], norm=True)
            print(first, "|", second, "|", round(float(a @ b), 4))
    elif len(sys.argv) == 3:
        # A text without tokens has no direction there.
        texts = [text for text in make_texts() if text.strip()]
        (Path(sys.argv[2]) / "texts.json").write_text(json.dumps(texts, ensure_ascii=False))
        load(Path(sys.argv[1])).embed(texts, norm=True).astype("<f4").tofile(Path(sys.argv[2]) / "vectors.f32")
    else:
        sys.exit(__doc__)
