"""The byte-pair and Unigram part of make_tokenizer_golden.py: vocabularies made here, and what the reference makes of texts.

Real vocabularies of these kinds are in no package, so the shapes of real files are filled with vocabularies trained on
the texts themselves: three byte-level ones and one of SentencePiece's kind for byte-pair encoding, three SentencePiece
models for Unigram, whose compiled normalization is the one that XLM-R and T5 carry.
"""

import base64
import io
import json
import random

from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, trainers

CONTRACTIONS = "(?i:'s|'t|'re|'ve|'m|'ll|'d)"
SPACES = r"\s*[\r\n]+|\s+(?!\S)|\s+"
UPPER, LOWER = r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]", r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"
BEFORE = r"[^\r\n\p{L}\p{N}]?"
PATTERNS = {
    "gpt2": r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+",
    "qwen": rf"{CONTRACTIONS}|{BEFORE}\p{{L}}+|\p{{N}}| ?[^\s\p{{L}}\p{{N}}]+[\r\n]*|{SPACES}",
    "llama3": rf"{CONTRACTIONS}|{BEFORE}\p{{L}}+|\p{{N}}{{1,3}}| ?[^\s\p{{L}}\p{{N}}]+[\r\n]*|{SPACES}",
    "qwen3.5": rf"{CONTRACTIONS}|{BEFORE}[\p{{L}}\p{{M}}]+|\p{{N}}| ?[^\s\p{{L}}\p{{M}}\p{{N}}]+[\r\n]*|{SPACES}",
    "o200k": rf"{BEFORE}{UPPER}*{LOWER}+{CONTRACTIONS}?|{BEFORE}{UPPER}+{LOWER}*{CONTRACTIONS}?"
    rf"|\p{{N}}{{1,3}}| ?[^\s\p{{L}}\p{{N}}]+[\r\n/]*|{SPACES}",
}

EDGES = [
    "I'm, you'RE, we'lL, he'd, it'S, they've, '\u017f \u017f's 'tis 'r 'l 'v '", "it''s 's' \u2019s don\u2019t", "a  b   c    d     ",
    "  two before", "\n\n  \n a\r\n\r\nb \r c\n", "tab\t\tword\t1", "x = {'a': [1, 22, 333, 4444, 55555]};\n\treturn x // y\n",
    "1234567890 12 345,678.90 \u0663\u0664\u0665\u0666 \u00b2\u00b3\u00bd \u3289\u4e00", "HTMLParser iPhone McDONALD'S \u01c5ungla \u65e5A\u672cb ABC\u65e5", "e\u0301te\u0301 n\u0303 \u0301\u0301x \u0903\u0915\u094d\u0958\u0301",
    "/path/to//file\n/ -- --\n\n", "\u3000wide\u3000space\u00a0nbsp\u2009thin\u2028line", "\r\n\r\n", "a\r\nb\rc", "\u2581lower \u2581\u2581 one eighth\u2581", "<s> </s> <unk> <pad> x<unk>y <0x41><0xE2>",
    "\ufb01\u0301 \ufb01nal \u2122\u200d\u00a9\u0301 \u0600\ufb01\u0301", "\U000e0081\u0341\u0342 \U0001f469\u200d\u203c\u0301", "\u1100\u1161\u11a8\u0301 \uac00\u11a8", "word" * 200, "ab" * 3000,
    "\u4e2d\u6587\u6c49\u5b57" * 300, "!?" * 400, " " * 500, "\n" * 300, "7" * 500, "<|endoftext|>a<|endoftext|> b <|im_start|>user\n<mask> x  <mask>y",
]

GPT2_SPECIALS = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]


def added(vocabulary, names, **changes):
    plain = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
    result = []
    for name in names:
        id = vocabulary.get(name, len(vocabulary) + sum(entry["content"] not in vocabulary for entry in result))
        result.append({"id": id, "content": name, **plain, **(changes if name == "<mask>" else {})})
    return result


def template(ids, single, pair):
    def pieces(text):
        return [
            {"Sequence": {"id": part, "type_id": 0}} if part in "AB" else {"SpecialToken": {"id": part, "type_id": 0}}
            for part in text.split()
        ]

    names = {part for part in (single + " " + pair).split() if part not in "AB"}
    special = {name: {"id": name, "ids": [ids[name]], "tokens": [name]} for name in sorted(names)}
    return {"type": "TemplateProcessing", "single": pieces(single), "pair": pieces(pair), "special_tokens": special}


def file(model, normalizer, words, post_processor, added_tokens):
    return {
        "version": "1.0", "truncation": None, "padding": None, "added_tokens": added_tokens, "normalizer": normalizer,
        "pre_tokenizer": words, "post_processor": post_processor, "decoder": None, "model": model,
    }


def byte_level(prefix=False, regex=True):
    return {"type": "ByteLevel", "add_prefix_space": prefix, "trim_offsets": True, "use_regex": regex}


def split(pattern, behavior="Isolated", invert=False):
    return {"type": "Split", "pattern": pattern, "behavior": behavior, "invert": invert}


def sequence(*steps, of="pretokenizers"):
    return {"type": "Sequence", of: list(steps)}


def metaspace(scheme="always", splits=True):
    return {"type": "Metaspace", "replacement": "\u2581", "prepend_scheme": scheme, "split": splits}


def replace(content, **pattern):
    return {"type": "Replace", "pattern": pattern, "content": content}


def train_pairs(corpus, words, count, specials=(), alphabet=(), normalizer=None):
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = words
    if normalizer:
        tokenizer.normalizer = normalizer
    trainer = trainers.BpeTrainer(
        vocab_size=count, special_tokens=list(specials), initial_alphabet=sorted(alphabet), limit_alphabet=1500, show_progress=False
    )
    tokenizer.train_from_iterator(corpus, trainer)
    return json.loads(tokenizer.to_str())["model"]


def bytes_of_pairs(corpus, pattern, count, specials=()):
    words = pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(PATTERNS[pattern]), "isolated"), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    ])
    return train_pairs(corpus, words, count, specials, pre_tokenizers.ByteLevel.alphabet())


def qwen(corpus):
    model = bytes_of_pairs(corpus, "qwen", 16_000)
    tokens = added(model["vocab"], ["<|endoftext|>", "<|im_start|>", "<|im_end|>"])
    ids = {token["content"]: token["id"] for token in tokens}
    words = sequence(split({"Regex": PATTERNS["qwen"]}), byte_level(regex=False))
    end = template(ids, "A <|endoftext|>", "A <|endoftext|> B <|endoftext|>")
    return file(model, {"type": "NFC"}, words, sequence(byte_level(regex=False), end, of="processors"), tokens)


def roberta(corpus):
    model = bytes_of_pairs(corpus, "gpt2", 12_000, GPT2_SPECIALS)
    model["merges"] = [" ".join(pair) for pair in model["merges"]]
    ids = model["vocab"]
    post_processor = {
        "type": "RobertaProcessing", "sep": ["</s>", ids["</s>"]], "cls": ["<s>", ids["<s>"]], "trim_offsets": True, "add_prefix_space": True,
    }
    return file(model, None, byte_level(prefix=True), post_processor, added(ids, GPT2_SPECIALS, lstrip=True))


def llama3(corpus):
    model = {**bytes_of_pairs(corpus, "llama3", 8_000), "ignore_merges": True}
    # A word that the merges do not lead to, but the vocabulary has.
    model["vocab"]["\u0120Abcd"] = len(model["vocab"])
    tokens = added(model["vocab"], ["<|begin_of_text|>", "<|end_of_text|>"])
    ids = {token["content"]: token["id"] for token in tokens}
    words = sequence(split({"Regex": PATTERNS["llama3"]}), byte_level(regex=False))
    begin = template(ids, "<|begin_of_text|> A", "<|begin_of_text|> A <|begin_of_text|> B")
    return file(model, None, words, sequence(byte_level(), begin, of="processors"), tokens)


def llama2(corpus):
    specials = ["<unk>", "<s>", "</s>"] + [f"<0x{byte:02X}>" for byte in range(256)]
    normalizer = normalizers.Sequence([normalizers.Prepend("\u2581"), normalizers.Replace(" ", "\u2581")])
    model = train_pairs(corpus, pre_tokenizers.Metaspace(), 8_000, specials, ["\u2581"], normalizer)
    model |= {"byte_fallback": True, "fuse_unk": True, "unk_token": "<unk>"}
    written = sequence({"type": "Prepend", "prepend": "\u2581"}, replace("\u2581", String=" "), of="normalizers")
    tokens = added(model["vocab"], specials[:3])
    return file(model, written, None, template(model["vocab"], "<s> A", "<s> A <s> B"), tokens)


def train_pieces(corpus, count, **options):
    import sentencepiece
    from sentencepiece import sentencepiece_model_pb2

    written = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(corpus), model_writer=written, model_type="unigram", vocab_size=count, hard_vocab_limit=False,
        num_threads=2, minloglevel=2, **options,
    )
    trained = sentencepiece_model_pb2.ModelProto.FromString(written.getvalue())
    charsmap = base64.b64encode(trained.normalizer_spec.precompiled_charsmap).decode()
    pieces = [[piece.piece, piece.score] for piece in trained.pieces]
    return pieces, {"type": "Precompiled", "precompiled_charsmap": charsmap}


def unigram(pieces, unknown, fallback=False):
    return {"type": "Unigram", "unk_id": unknown, "vocab": pieces, "byte_fallback": fallback}


def xlm_roberta(corpus):
    pieces, charsmap = train_pieces(corpus, 12_000, normalization_rule_name="nmt_nfkc", character_coverage=0.9995)
    pieces = [["<s>", 0.0], ["<pad>", 0.0], ["</s>", 0.0], ["<unk>", 0.0]] + pieces[3:] + [["<mask>", 0.0]]
    ids = {piece: id for id, (piece, _) in enumerate(pieces)}
    post_processor = template(ids, "<s> A </s>", "<s> A </s> </s> B </s>")
    words = sequence({"type": "WhitespaceSplit"}, metaspace())
    return file(unigram(pieces, 3), charsmap, words, post_processor, added(ids, GPT2_SPECIALS, lstrip=True))


def t5(corpus):
    """As newer files write it; the prefix is set at the beginning only, and spaces are joined before."""
    pieces, charsmap = train_pieces(corpus[::2], 6_000, normalization_rule_name="nmt_nfkc", character_coverage=0.999)
    ids = {piece: id for id, (piece, _) in enumerate(pieces)}
    tokens = added(ids, ["<unk>", "<s>", "</s>", "<extra_id_0>"])
    strip = {"type": "Strip", "strip_left": False, "strip_right": True}
    normalizer = sequence(charsmap, strip, replace("\u2581", Regex=" {2,}"), of="normalizers")
    return file(unigram(pieces, 0), normalizer, metaspace("first"), template(ids, "A </s>", "A </s> B </s>"), tokens)


def fallback(corpus):
    """Bytes for what is unknown, one word a text, and folded case."""
    pieces, charsmap = train_pieces(
        corpus[1::2], 6_000, normalization_rule_name="nmt_nfkc_cf", character_coverage=0.98, byte_fallback=True
    )
    ids = {piece: id for id, (piece, _) in enumerate(pieces)}
    normalizer = sequence(charsmap, replace(" ", Regex=" {2,}"), of="normalizers")
    tokens = added(ids, ["<unk>", "<s>", "</s>"])
    return file(unigram(pieces, 0, True), normalizer, metaspace(splits=False), template(ids, "A </s>", "A </s> B </s>"), tokens)


VOCABULARIES = {
    "bpe-qwen": qwen, "bpe-roberta": roberta, "bpe-llama3": llama3, "bpe-llama2": llama2,
    "unigram-xlm-roberta": xlm_roberta, "unigram-t5": t5, "unigram-fallback": fallback,
}


def fnv(ids):
    state = 0xCBF29CE484222325
    for id in ids:
        state = (state ^ id) * 0x100000001B3 & 0xFFFFFFFFFFFFFFFF
    return f"{state:016x}"


def make_full(folder, real, texts, encode, write_lines, seed):
    """A hash of the ids of each text a line, and for each vocabulary some whole cases: pairs and cut texts."""
    rng = random.Random(seed)
    corpus = rng.sample(real, 10_000)
    texts = EDGES + texts
    write_lines(folder / "subword-texts.jsonl", texts)
    for name, make in VOCABULARIES.items():
        path = folder / f"{name}-tokenizer.json"
        path.write_text(json.dumps(make(corpus), ensure_ascii=True, separators=(",", ":")), encoding="utf-8")
        reference = Tokenizer.from_file(str(path))
        encodings = reference.encode_batch(texts)
        (folder / f"{name}-hashes.txt").write_text("".join(fnv(encoding.ids) + "\n" for encoding in encodings))
        cases = [encode(reference, text, None, 100_000, True) for text in EDGES]
        for _ in range(300):
            limit = rng.choice([5, 8, 16, 33, 64])
            first, second = rng.choice(texts), rng.choice(texts)
            for direction in ("right", "left"):
                cases.append(encode(reference, first, second, limit, True, direction))
                cases.append(encode(reference, first, None, limit, rng.random() < 0.5, direction))
        write_lines(folder / f"{name}-cases.jsonl", cases)


# --- the small fixture ------------------------------------------------------------------------------------------------

SMALL_TEXTS = [
    "Hello, world! It's 3.14 (or 22/7)...", "  spaces   in a row  ", "caf\u00e9 na\u00efve \u65e5\u672c\u8a9e \ud55c\uad6d \u0645\u0631\u062d\u0628\u0627", "aaaa abab <unk>x<unk> ..a,,b!c?",
    "tab\tnew\nline\r\n end", "\u2581mark \u2581\u2581 and", "1a22b333c4444 \u0663\u00bd", "unknown \u2603\u2604\U0001f600 signs \u2603", "", " ", "a", ".", "hello hello world",
]


def small_pairs(**changes):
    """A vocabulary of letters and a few dozen merges."""
    corpus = [text for text in SMALL_TEXTS for _ in range(3)]
    corpus = [text.replace("\u2603", "").replace("\u2604", "").replace("\U0001f600", "") for text in corpus]
    affixes = {name: changes[name] for name in ("continuing_subword_prefix", "end_of_word_suffix") if name in changes}
    trainer = trainers.BpeTrainer(vocab_size=160, special_tokens=["<unk>"], show_progress=False, **affixes)
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer.train_from_iterator(corpus, trainer)
    model = json.loads(tokenizer.to_str())["model"]
    for byte in range(256):
        if changes.get("byte_fallback") and byte not in (0x98, 0x84):
            model["vocab"][f"<0x{byte:02X}>"] = len(model["vocab"])
    for mark in (" ", "\u2581"):
        model["vocab"].setdefault(mark, len(model["vocab"]))
    return {**model, **changes}


def small_bytes(**changes):
    words = pre_tokenizers.ByteLevel(add_prefix_space=False)
    trained = train_pairs(SMALL_TEXTS * 3, words, 340, ["<unk>"], pre_tokenizers.ByteLevel.alphabet())
    return {**trained, **changes}


def small_unigram(fallback=False):
    letters = sorted(set("".join(SMALL_TEXTS)) - set("\u2603\u2604\U0001f600"))
    pieces = [["<unk>", 0.0]] + [[letter, -5.0 - 0.01 * i] for i, letter in enumerate(letters)]
    pieces += [["hello", -3.25], ["he", -4.5], ["llo", -4.125], ["\u2581he", -4.0], ["ab", -6.0], ["aab", -7.5], ["\u2581", -2.0], ["\u2604\u2603", -4]]
    pieces += [["he", -4.75]] + [[f"<0x{byte:02X}>", 0.0] for byte in range(256) if fallback and byte != 0x84]
    return unigram(pieces, 0, fallback)


def small_configurations():
    """name: model, normalizer, words."""
    result = {}
    for behavior in ("Removed", "Isolated", "MergedWithPrevious", "MergedWithNext", "Contiguous"):
        for invert in (False, True):
            result[f"split at a text, {behavior}, {invert}"] = (small_pairs(), None, split({"String": " "}, behavior, invert))
            result[f"split at runs, {behavior}, {invert}"] = (small_pairs(), None, split({"Regex": r"\s+"}, behavior, invert))
            result[f"split at words, {behavior}, {invert}"] = (small_pairs(), None, split({"Regex": PATTERNS["gpt2"]}, behavior, invert))
        result[f"punctuation, {behavior}"] = (small_pairs(), None, {"type": "Punctuation", "behavior": behavior})
    for name, pattern in PATTERNS.items():
        words = sequence(split({"Regex": pattern}, "Removed", True), byte_level(regex=False))
        result[f"bytes, {name}"] = (small_bytes(), None, words)
    result |= {
        "single numbers": (small_pairs(), None, split({"Regex": r"\p{N}"})),
        "numbers in threes": (small_pairs(), None, split({"Regex": r"\p{N}{1,3}"})),
        "digits": (small_pairs(), None, {"type": "Digits", "individual_digits": False}),
        "single digits": (small_pairs(), None, {"type": "Digits", "individual_digits": True}),
        "digits, then bytes with a space each": (small_bytes(), None, sequence({"type": "Digits", "individual_digits": True}, byte_level(prefix=True))),
        "bytes as they are": (small_bytes(), None, byte_level(regex=False)),
        "bytes with a suffix": (small_bytes(end_of_word_suffix="</w>"), None, byte_level()),
        "bytes, merges ignored": (small_bytes(ignore_merges=True), None, byte_level()),
        "unknown left out": (small_pairs(), None, {"type": "WhitespaceSplit"}),
        "unknown": (small_pairs(unk_token="<unk>"), None, {"type": "WhitespaceSplit"}),
        "unknown fused": (small_pairs(unk_token="<unk>", fuse_unk=True), None, None),
        "fallback, some bytes missing": (small_pairs(unk_token="<unk>", fuse_unk=True, byte_fallback=True), None, None),
        "prefix and suffix": (small_pairs(unk_token="<unk>", continuing_subword_prefix="##", end_of_word_suffix="</w>"), None, {"type": "WhitespaceSplit"}),
        "spaces joined": (small_pairs(unk_token="<unk>"), replace("\u2581", Regex=r"\s+"), None),
        "two spaces and more": (small_pairs(unk_token="<unk>"), replace("", Regex=" {2,}"), None),
        "one space and more": (small_pairs(unk_token="<unk>"), replace("\u2581", Regex=" +"), None),
        "unigram without words": (small_unigram(), None, None),
    }
    for scheme in ("always", "first", "never"):
        for splits in (True, False):
            result[f"unigram, metaspace {scheme}, {splits}"] = (small_unigram(), None, metaspace(scheme, splits))
            result[f"unigram, words, metaspace {scheme}, {splits}"] = (
                small_unigram(True), None, sequence({"type": "WhitespaceSplit"}, metaspace(scheme, splits)))
    return result


def make_fixture(path, texts, encode, write_lines, seed):
    rng = random.Random(seed)
    lines = []
    for name, (model, normalizer, words) in small_configurations().items():
        has_unknown = "<unk>" in model["vocab"] or model["type"] == "Unigram"
        tokens = added({"<unk>": 0} if has_unknown else {}, ["<unk>"])
        description = file(model, normalizer, words, None, tokens)
        reference = Tokenizer.from_str(json.dumps(description))
        cases = [encode(reference, text, None, 10_000, True) for text in SMALL_TEXTS + rng.sample(texts, 4) + rng.sample(EDGES[:19], 4)]
        for direction in ("right", "left"):
            cases.append(encode(reference, rng.choice(SMALL_TEXTS), rng.choice(SMALL_TEXTS), 7, True, direction))
        lines.append({"name": name, "tokenizer": description, "cases": cases})
    write_lines(path, lines)
