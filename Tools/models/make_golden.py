#!/usr/bin/env python3
"""Writes reference embeddings of a model folder: what the Python stack makes of a fixed list of texts.

usage: make_golden.py MODEL_FOLDER OUTPUT_FOLDER
       make_golden.py --tiny MODEL_FOLDER...

OUTPUT_FOLDER gets texts.json (a list of {"text", "tokenCount"}) and vectors.f32 (one little-endian float32 row a
text, in that order). --tiny prints what Fixtures/golden.json holds: the first components for a few texts. Every text runs alone, so that nothing depends on padding or on its neighbours.
"""

import json
import random
import sys
from pathlib import Path

import numpy as np
import onnxruntime
import tokenizers

FIXED = [
    "", " ", "\n\t", ".", "?!", "a", "I", "42", "3.14159", "-", "—", "…", "'", "\"quoted\"", "hello", "Hello", "HELLO",
    "hello ", " hello", "don't", "e-mail@example.org", "https://example.org/a?b=c&d=%20", "C++ and C#", "x = y ** 2",
    "def main(): return None", "SELECT name FROM users WHERE id = 7;", "{\"key\": [1, 2, 3]}", "<b>bold</b>",
    "naïve café résumé", "Ångström", "Straße", "İstanbul", "ﬁne ligature", "ＦＵＬＬ ｗｉｄｔｈ", "x² + y³",
    "日本語の文章です。", "これはペンです", "记忆是智能体的基础。", "機械学習", "한국어 문장입니다.", "Русский язык прекрасен",
    "Ελληνικά γράμματα", "עברית", "اللغة العربية جميلة", "हिन्दी में एक वाक्य", "ภาษาไทย", "Tiếng Việt có dấu",
    "Ich möchte das Fenster öffnen, weil es warm ist.", "Où est la bibliothèque ?", "¿Dónde está la estación?",
    "O gato dorme na varanda.", "Kedi bahçede uyuyor.", "Pies śpi na kanapie.", "Dziękuję bardzo!", "Příliš žluťoučký kůň",
    "mixed 日本 and English текст", "emoji 😀🎉👍🏽", "👩‍👩‍👧‍👦 family", "🇩🇪 flag", "zero\u200bwidth", "soft\u00adhyphen", "nbsp\u00a0here",
    "tab\there", "line\nbreak", "a\u0301ccent", "[CLS] [SEP] [MASK]", "[UNK] token", "##suffix", "antidisestablishmentarianism",
    "supercalifragilisticexpialidocious", "w" * 99, "w" * 100, "w" * 101, "qzxj " * 40, "word " * 300, "日" * 300, "1234567890" * 20,
]
SUBJECTS = ["The user", "My sister", "A customer", "The night shift", "Our team lead", "The old server", "A neighbour"]
VERBS = ["prefers", "repaired", "forgot", "asked about", "moved", "described", "cancelled"]
OBJECTS = ["metric units", "the blue bicycle", "a meeting on Thursday", "the backup job", "two train tickets",
           "the garden gate", "an invoice of 250 euros"]
CLAUSES = ["because the weather changed", "after the release", "before the holidays", "although nobody noticed",
           "while the build was running", "and wrote it down", "so that the others could follow"]


def make_texts():
    """The fixed odd texts, then sentences and paragraphs drawn with a fixed seed."""
    choose = random.Random(20261122).choice

    def sentence():
        return f"{choose(SUBJECTS)} {choose(VERBS)} {choose(OBJECTS)} {choose(CLAUSES)}."

    texts = list(FIXED)
    texts += [sentence() for _ in range(120)]
    for sentence_count in (2, 3, 5, 8, 12, 16, 20, 24, 40, 80):
        texts += [" ".join(sentence() for _ in range(sentence_count)) for _ in range(4)]
    return texts


def embed(model_folder, texts):
    """The unit vectors and the token counts of texts."""
    card = json.loads((model_folder / "strata-model.json").read_text())
    if card["pooling"] != "mean" or not card["normalize"]:
        sys.exit(f"card says pooling {card['pooling']}, normalize {card['normalize']}; this script does mean and true")
    tokenizer = tokenizers.Tokenizer.from_file(str(model_folder / card["files"]["tokenizer"]))
    tokenizer.no_padding()
    tokenizer.enable_truncation(card["tokenCountMax"])
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(model_folder / card["files"]["model"]), options)

    rows, token_counts = [], []
    for text in texts:
        ids = np.array([tokenizer.encode(text).ids], np.int64)
        states = session.run(None, {
            "input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": np.zeros_like(ids)})[0][0]
        mean = states.astype(np.float64).mean(0)
        rows.append((mean / np.linalg.norm(mean)).astype("<f4"))
        token_counts.append(ids.shape[1])
    return np.stack(rows), token_counts


def write(model_folder, output_folder):
    texts = make_texts()
    vectors, token_counts = embed(model_folder, texts)
    entries = [{"text": text, "tokenCount": count} for text, count in zip(texts, token_counts)]
    (output_folder / "texts.json").write_text(json.dumps(entries, ensure_ascii=False))
    vectors.tofile(output_folder / "vectors.f32")


def print_tiny(model_folders):
    texts = ["", "That is a happy person", "Où est la bibliothèque ?", "日本語の文章です。", "word " * 300]
    lines = []
    for folder in model_folders:
        for text, vector, count in zip(texts, *embed(folder, texts)):
            lines.append({"model": folder.name, "text": text, "tokenCount": count,
                          "head": [round(float(component), 6) for component in vector[:8]]})
    print("[\n" + ",\n".join(json.dumps(line, ensure_ascii=False) for line in lines) + "\n]")


if __name__ == "__main__":
    if len(sys.argv) > 2 and sys.argv[1] == "--tiny":
        print_tiny([Path(argument) for argument in sys.argv[2:]])
    elif len(sys.argv) == 3:
        write(Path(sys.argv[1]), Path(sys.argv[2]))
    else:
        sys.exit(__doc__)
