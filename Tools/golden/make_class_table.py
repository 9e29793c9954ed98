#!/usr/bin/env python3
"""Writes which scalars the patterns of pre-tokenizers mean, as the reference implementation sees Unicode.

What `\\p{L}` matches, what counts as a digit and which scalars stick to the one before them are questions to three
libraries inside the reference (the `tokenizers` package), each with its own version of Unicode. So the reference itself
is asked about every scalar, as in make_unicode_table.py.

    python make_class_table.py OUT.swift

Needs tokenizers==0.23.3. The output is Sources/TextModels/Tokenizers/ScalarClassTable+Data.swift: runs of scalars in
order, each a length and its classes, as little-endian base-128 numbers in base64.
"""

import base64
import struct
import sys

import tokenizers
from tokenizers import Regex, normalizers, pre_tokenizers

EXPECTED = "0.23.3"
assert tokenizers.__version__ == EXPECTED, f"tokenizers {tokenizers.__version__} is installed, {EXPECTED} is needed"

SCALARS = [c for c in range(0x110000) if not 0xD800 <= c <= 0xDFFF]
EVERYTHING = "".join(map(chr, SCALARS))

# The bits must match ScalarClassTable.swift.
LETTER, NUMBER, SPACE, UPPER, LOWER, MARK, NUMERIC = (1 << i for i in range(7))
EXTENDING, CONTROL, PREPENDED, PICTOGRAPH, CONSONANT, LINKER = (1 << i for i in range(7, 13))


def removed(pre_tokenizer):
    """The scalars that a pre-tokenizer with the behavior `removed` takes out of a text of all scalars."""
    result = set(range(len(SCALARS)))
    for _, (start, end) in pre_tokenizer.pre_tokenize_str(EVERYTHING):
        result.difference_update(range(start, end))
    return {SCALARS[i] for i in result}


def pattern(text):
    return removed(pre_tokenizers.Split(Regex(text), "removed"))


def numeric():
    """What the pre-tokenizer Digits takes for digits; its runs alternate, and the first one holds none."""
    runs = pre_tokenizers.Digits(individual_digits=False).pre_tokenize_str(EVERYTHING)
    return {SCALARS[i] for _, (start, end) in runs[1::2] for i in range(start, end)}


def charsmap(key, value=b"X"):
    """A precompiled normalizer that knows one key: a double-array trie of one path, then the replacement."""
    units = [0] * (256 * (len(key) + 2))
    units[0] = 256 << 10
    base = 256
    for depth, byte in enumerate(key):
        position = base ^ byte
        following = 256 * (depth + 2)
        units[position] = byte | (position ^ following) << 10 | (256 if depth == len(key) - 1 else 0)
        base = following
    units[base] = 1 << 31
    trie = struct.pack(f"<{len(units)}I", *units)
    return normalizers.Precompiled(struct.pack("<I", len(trie)) + trie + value + b"\0")


def clustering(key, probe, replaced):
    """The scalars with which the text of a probe falls into such grapheme clusters that the normalizer gives `replaced`.

    The normalizer replaces a cluster of up to five bytes that begins with its key as a whole, and of a longer one, or
    one that begins otherwise, the key alone. So what is left of the text shows where the clusters begin and end.
    """
    asked = [c for c in SCALARS if c not in (0x0A, 0x0D)]
    parts = charsmap(key.encode()).normalize_str("\n".join(probe(chr(c)) for c in asked)).split("\n")
    assert len(parts) == len(asked)
    return {c for c, part in zip(asked, parts) if part == replaced("X" if chr(c) == key else chr(c))}


def varint(n):
    out = bytearray()
    while n >= 0x80:
        out.append(n & 0x7F | 0x80)
        n >>= 7
    out.append(n)
    return bytes(out)


def main():
    classes = {
        LETTER: pattern(r"\p{L}+"),
        NUMBER: pattern(r"\p{N}+"),
        SPACE: pattern(r"\s+"),
        UPPER: pattern(r"[\p{Lu}\p{Lt}]+"),
        LOWER: pattern(r"\p{Ll}+"),
        MARK: pattern(r"\p{M}+"),
        NUMERIC: numeric(),
        # A letter is replaced together with what extends it.
        EXTENDING: clustering("a", lambda c: "a" + c, lambda c: "X"),
        # Two marks are a cluster of their own only where nothing comes before that they could extend.
        CONTROL: {0x0A, 0x0D} | clustering("\u0301", lambda c: c + "\u0301\u0302", lambda c: c + "X"),
        # A letter with a mark is no cluster of its own behind these.
        PREPENDED: clustering("a", lambda c: c + "a\u0301", lambda c: c + "X\u0301"),
        PICTOGRAPH: clustering("\u00a9", lambda c: c + "\u200d\u00a9\u0301", lambda c: c + "\u200dX\u0301"),
        CONSONANT: clustering("\u0958", lambda c: c + "\u094d\u0958\u0301", lambda c: c + "\u094dX\u0301"),
        LINKER: clustering("\u0958", lambda c: "\u0915" + c + "\u0958\u0301", lambda c: "\u0915" + c + "X\u0301"),
    }
    assert classes[UPPER] | classes[LOWER] <= classes[LETTER] and not classes[UPPER] & classes[LOWER]
    flags = [0] * 0x110000
    for bit, members in classes.items():
        for c in members:
            flags[c] |= bit
    runs = []
    for value in flags:
        if runs and runs[-1][1] == value:
            runs[-1][0] += 1
        else:
            runs.append([1, value])
    out = varint(len(runs)) + b"".join(varint(length) + varint(value) for length, value in runs)

    text = base64.b64encode(out).decode()
    with open(sys.argv[1], "w") as file:
        file.write("// Written by Tools/golden/make_class_table.py; do not edit.\n")
        file.write("// swift-format-ignore-file\n\n")
        file.write("extension ScalarClassTable {\n")
        file.write(f"    /// The answers of tokenizers {EXPECTED} about every scalar; the layout is described in that script.\n")
        file.write('    static let encoded: StaticString = """\n')
        for i in range(0, len(text), 112):
            end = "" if i + 112 >= len(text) else "\\"
            file.write(f"        {text[i:i + 112]}{end}\n")
        file.write('        """\n}\n')
    print(", ".join(str(len(members)) for members in classes.values()), f"in {len(runs)} runs, {len(out)} bytes")


main()
