#!/usr/bin/env python3
"""Writes the Unicode tables of the tokenizers, as the reference implementation sees Unicode.

The reference (the `tokenizers` package) draws on four crates, each with its own version of Unicode: what is a control
character, a mark, punctuation, a word character, a decomposition and a lowercase letter do not agree with one another
nor with the Swift standard library. So this script asks the reference itself about every scalar and records the answers.

    python make_unicode_table.py OUT.swift

Needs tokenizers==0.23.3. The output is Sources/TextModels/Tokenizers/UnicodeTable+Data.swift.
"""

import base64
import sys

import tokenizers
from tokenizers import normalizers, pre_tokenizers

EXPECTED = "0.23.3"
assert tokenizers.__version__ == EXPECTED, f"tokenizers {tokenizers.__version__} is installed, {EXPECTED} is needed"

SCALARS = [c for c in range(0x110000) if not 0xD800 <= c <= 0xDFFF]
HANGUL = range(0xAC00, 0xD7A4)

# The bits must match UnicodeTable.swift.
OTHER, SPACE, NONSPACING, MARK, PUNCTUATION, WORD, IDEOGRAPH = (1 << i for i in range(7))


def bert(**on):
    options = dict(clean_text=False, handle_chinese_chars=False, strip_accents=False, lowercase=False)
    return normalizers.BertNormalizer(**{**options, **on})


def per_scalar(normalizer):
    """What the normalizer makes of each scalar alone."""
    return {c: normalizer.normalize_str(chr(c)) for c in SCALARS}


def pieces_between_letters(pre_tokenizer):
    """Into how many words `a`, the scalar, `a` falls: 1 inside a word, 2 a separator, 3 a word of its own."""
    return {c: len(pre_tokenizer.pre_tokenize_str(f"a{chr(c)}a")) for c in SCALARS}


def combining_classes(nfd, suspects):
    """The canonical combining class of each suspect, found by how it sorts among marks of known class."""
    # Python's own table only proposes one mark for each class; the order of the marks is the reference's answer.
    import unicodedata

    representative = {}
    for c in sorted(suspects):
        k = unicodedata.combining(chr(c))
        if k and k not in representative and nfd[c] == chr(c):
            representative[k] = c
    classes = sorted(representative)
    normalizer = normalizers.NFD()
    result = {}
    for c in suspects:
        if nfd[c] != chr(c):
            continue
        mark = chr(c)
        # A scalar with a class at all is overtaken by a lower one or overtakes a higher one.
        below = sum(normalizer.normalize_str(f"a{mark}{chr(representative[k])}")[1] != mark for k in classes)
        above = sum(normalizer.normalize_str(f"a{chr(representative[k])}{mark}")[1] == mark for k in classes)
        above -= sum(chr(representative[k]) == mark for k in classes)
        if below or above:
            result[c] = classes[below]
            assert below + above in (len(classes), len(classes) - 1), (hex(c), below, above)
            assert classes[below] == unicodedata.combining(mark) or not unicodedata.combining(mark), hex(c)
    return result


def varint(n):
    out = bytearray()
    while n >= 0x80:
        out.append(n & 0x7F | 0x80)
        n >>= 7
    out.append(n)
    return bytes(out)


def encode_mapping(mapping):
    out = bytearray(varint(len(mapping)))
    previous = 0
    for c in sorted(mapping):
        out += varint(c - previous) + varint(len(mapping[c]))
        for scalar in mapping[c]:
            out += varint(ord(scalar))
        previous = c
    return bytes(out)


def main():
    nfd = per_scalar(normalizers.NFD())
    nfkd = per_scalar(normalizers.NFKD())
    nfc = normalizers.NFC()
    clean = per_scalar(bert(clean_text=True))
    stripped = per_scalar(bert(strip_accents=True))
    ideographs = per_scalar(bert(handle_chinese_chars=True))
    unmarked = per_scalar(normalizers.StripAccents())
    lower = per_scalar(normalizers.Lowercase())
    assert lower == per_scalar(bert(lowercase=True))
    bert_words = pieces_between_letters(pre_tokenizers.BertPreTokenizer())
    punctuation = pieces_between_letters(pre_tokenizers.Punctuation())
    words = pieces_between_letters(pre_tokenizers.Whitespace())
    spaces = pieces_between_letters(pre_tokenizers.WhitespaceSplit())

    flags = {}
    for c in SCALARS:
        f = 0
        if clean[c] == "":
            f |= OTHER
        if spaces[c] == 2:
            f |= SPACE
        if nfd[c] == chr(c) and stripped[c] == "":
            f |= NONSPACING
        if unmarked[c] == "":
            f |= MARK
        if punctuation[c] == 3:
            f |= PUNCTUATION
        if words[c] == 1:
            f |= WORD
        if ideographs[c] != chr(c):
            f |= IDEOGRAPH
        flags[c] = f
        # What the Swift code takes for granted.
        assert (clean[c] == " ") == (spaces[c] == 2 and clean[c] != "")
        assert clean[c] in ("", " ", chr(c))
        assert (bert_words[c] == 2) == (spaces[c] == 2) == (words[c] == 2), hex(c)
        assert (bert_words[c] == 3) == (punctuation[c] == 3), hex(c)
        assert ideographs[c] in (chr(c), f" {chr(c)} ")
        if nfd[c] != chr(c):
            assert stripped[c] == "".join(x for x in nfd[c] if stripped[ord(x)] != "")

    for c in HANGUL:
        s = c - 0xAC00
        jamo = [0x1100 + s // 588, 0x1161 + s % 588 // 28] + ([0x11A7 + s % 28] if s % 28 else [])
        assert nfd[c] == nfkd[c] == "".join(map(chr, jamo))
    canonical = {c: nfd[c] for c in SCALARS if c not in HANGUL and nfd[c] != chr(c)}
    compatibility = {c: nfkd[c] for c in SCALARS if c not in HANGUL and nfkd[c] != nfd[c]}
    lowercase = {c: lower[c] for c in SCALARS if lower[c] != chr(c)}
    assert all(x not in canonical for d in canonical.values() for x in map(ord, d))

    suspects = [c for c in SCALARS if flags[c] & MARK or flags[c] & NONSPACING]
    classes = combining_classes(nfd, suspects)
    # Nothing outside the marks may take part in reordering: try every other scalar between two marks.
    probe = normalizers.NFD()
    for c in SCALARS:
        if c not in classes and nfd[c] == chr(c):
            assert probe.normalize_str(f"a{chr(c)}\u0334") == f"a{chr(c)}\u0334", hex(c)
            assert probe.normalize_str(f"a\u0345{chr(c)}") == f"a\u0345{chr(c)}", hex(c)

    compositions = []
    for c, d in canonical.items():
        if len(d) >= 2 and nfc.normalize_str(d) == chr(c):
            first = nfc.normalize_str(d[:-1])
            assert len(first) == 1 and nfc.normalize_str(first + d[-1]) == chr(c), hex(c)
            compositions.append((ord(first), ord(d[-1]), c))

    out = bytearray()
    runs = []
    for c in range(0x110000):
        value = (flags.get(c, 0), classes.get(c, 0))
        if runs and runs[-1][1] == value:
            runs[-1][0] += 1
        else:
            runs.append([1, value])
    out += varint(len(runs))
    for length, (f, k) in runs:
        out += varint(length) + varint(f) + varint(k)
    out += encode_mapping(canonical) + encode_mapping(compatibility) + encode_mapping(lowercase)
    out += varint(len(compositions))
    for triple in sorted(compositions):
        for scalar in triple:
            out += varint(scalar)

    text = base64.b64encode(bytes(out)).decode()
    with open(sys.argv[1], "w") as file:
        file.write("// Written by Tools/golden/make_unicode_table.py; do not edit.\n")
        file.write("// swift-format-ignore-file\n\n")
        file.write("extension UnicodeTable {\n")
        file.write(f"    /// The answers of tokenizers {EXPECTED} about every scalar; the layout is described in that script.\n")
        file.write('    static let encoded: StaticString = """\n')
        for i in range(0, len(text), 112):
            end = "" if i + 112 >= len(text) else "\\"
            file.write(f"        {text[i:i + 112]}{end}\n")
        file.write('        """\n}\n')
    print(f"{len(runs)} runs, {len(canonical)} canonical, {len(compatibility)} compatibility, {len(lowercase)} lowercase,")
    print(f"{len(classes)} with a combining class, {len(compositions)} compositions, {len(out)} bytes")


main()
