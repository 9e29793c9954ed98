#!/usr/bin/env python3
"""Writes Sources/TextAnalysis/FoldTable+Data.swift: how letters, marks and digits outside ASCII are folded.

A scalar folds to its compatibility decomposition (NFKD), case folded, without the marks listed below, with decimal
digits as ASCII digits. Hangul syllables and kana keep their composed form. Scalars that fold to themselves are left
out. The Unicode version is that of Python's unicodedata, which is asserted, so that the file is reproducible.

    python3 Tools/analysis/make_fold_table.py
"""
import pathlib
import unicodedata

UNICODE_VERSION = "14.0.0"

# Marks that a reader leaves out at will: accents, Hebrew points, Arabic vowel signs and tatweel, variation selectors.
# Vowel signs of Indic and South-East Asian scripts are part of the spelling and stay.
DROPPED = [
    (0x300, 0x36F), (0x483, 0x487), (0x591, 0x5BD), (0x5BF, 0x5BF), (0x5C1, 0x5C2), (0x5C4, 0x5C5), (0x5C7, 0x5C7),
    (0x610, 0x61A), (0x640, 0x640), (0x64B, 0x65F), (0x670, 0x670), (0x6D6, 0x6DC), (0x6DF, 0x6E4), (0x6E7, 0x6E8),
    (0x6EA, 0x6ED), (0x1AB0, 0x1AFF), (0x1DC0, 0x1DFF), (0x20D0, 0x20FF), (0xFE00, 0xFE0F), (0xFE20, 0xFE2F),
    (0xE0100, 0xE01EF),
]

# Latin letters with a stroke or a ligature, which Unicode does not decompose, and the apostrophe that is a letter.
SPELLED_OUT = {
    "ø": "o", "ł": "l", "đ": "d", "ð": "d", "ħ": "h", "ŧ": "t", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th",
    "\u02bc": "",
}


def is_dropped(character):
    return any(first <= ord(character) <= last for first, last in DROPPED)


def fold(character):
    text = character
    for _ in range(3):  # Case folding can compose, and decomposing can give capitals.
        text = unicodedata.normalize("NFKD", text).casefold()
        text = "".join(SPELLED_OUT.get(c, c) for c in text if not is_dropped(c))
    result = ""
    for c in text:
        category = unicodedata.category(c)
        if category == "Nd":
            result += str(unicodedata.digit(c))
        elif category[0] in "LMN":
            result += c
        elif c == "\u2044":  # The bar of a fraction such as one half.
            result += "_"
    if any(0x3040 <= ord(c) <= 0x30FF or 0x1100 <= ord(c) <= 0x11FF for c in result):
        result = unicodedata.normalize("NFC", result)
    return result


def folded_scalars():
    for code in range(0x80, 0x110000):
        if 0xAC00 <= code <= 0xD7A3 or 0xD800 <= code <= 0xDFFF:
            continue
        character = chr(code)
        if unicodedata.category(character)[0] in "LMN" and fold(character) != character:
            yield code, fold(character)


def runs(mapping):
    """Groups scalars at a distance of one or two whose images advance by nothing, one or two."""
    left = dict(mapping)
    while left:
        first = min(left)
        target = left[first]
        best = (1, 1, 0)
        if len(target) < 2:
            for step in (1, 2):
                for advance in (0, 1, 2) if target else (0,):
                    count = 1
                    while True:
                        expected = chr(ord(target) + count * advance) if target else ""
                        if left.get(first + count * step) != expected:
                            break
                        count += 1
                    if count > best[0]:
                        best = (count, step, advance)
        count, step, advance = best
        for index in range(count):
            del left[first + index * step]
        text = f"{first:x}"
        if count > 1:
            text += f"+{count:x}/{step}{advance}"
        yield text + ":" + ".".join(f"{ord(c):x}" for c in target)


def main():
    assert unicodedata.unidata_version == UNICODE_VERSION, unicodedata.unidata_version
    root = pathlib.Path(__file__).resolve().parents[2]
    lines, line = [], ""
    for run in runs(dict(folded_scalars())):
        if len(line) + 1 + len(run) > 112:
            lines.append(line)
            line = ""
        line += (" " if line else "") + run
    lines.append(line)
    body = "\n".join("        " + line + " \\" for line in lines)
    (root / "Sources/TextAnalysis/FoldTable+Data.swift").write_text(
        f"""\
extension FoldTable {{
    /// Written by `Tools/analysis/make_fold_table.py` from Unicode {UNICODE_VERSION}.
    ///
    /// Each entry is `first:image`, or `first+count/sa:image` for `count` scalars at distance `s` whose images advance
    /// by `a`; numbers are hexadecimal, the scalars of an image are joined by dots, and an empty image drops the scalar.
    static let data: StaticString = \"\"\"
{body}

        \"\"\"
}}
"""
    )


if __name__ == "__main__":
    main()
