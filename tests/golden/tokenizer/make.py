#!/usr/bin/env python3
"""Makes the small tokenizer files of this folder and their vectors with the Hugging Face library `tokenizers`.

    pip install tokenizers==0.23.3 && python3 make.py

Each file has the parts that a known family has (names of the files); the vocabularies are trained on the texts below.
Vectors: ids with and without the template, the decoded text with and without special tokens.
"""
import json
import pathlib
import random

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

HERE = pathlib.Path(__file__).parent
CORPUS = [path.read_text() for path in sorted((HERE.parents[2] / "docs").glob("*.md"))] + [
    "naïve café Ünïcödé Straße. " * 20, "日本語のテキスト。これは試験です。" * 20, "Привет, мир! Это проверка. " * 20,
    "don't we'll I'M O'CLOCK they've it's 1234567 3.14 " * 20, "  indented\n\n\tcode = {x: 1}\r\n" * 20,
    "cafe\u0301 e\u0301te\u0301 \u1100\u1161\u11a8 " * 20, "👩\u200d👩\u200d👧 🇩🇪 ok " * 20]

LLAMA3 = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+"
          r"|\s+(?!\S)|\s+")
QWEN = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)"
        r"|\s+")

TEXTS = [
    "", " ", "\n\n\n", "\t\tx", "Hello world", " Hello  world ", "don't WE'LL it's", "1234567 3.14", "naïve café Ünïcödé",
    "日本語のテキスト。", "Привет, мир!", "cafe\u0301 e\u0301te\u0301", "\u1100\u1161\u11a8 각", "👩\u200d👩\u200d👧 🇩🇪",
    "\u200b\u200dzero width", "\r\nwin\r\nline", "\x07bell\x00nul", "a  b   c    d", "trailing space ", "<|bos|>raw<|eot|> in",
    "<|eot|><|eot|>", "x <|tool|> y", "x<|tool|>y", "  <|pad|>  z", "word wordy aword word", "éword", "fast faster",
    "it 's n't . ok ? no ! a , b ' c 've 're 'm", "for (int i = 0; i < 10; ++i) { sum += x[i]; }\n", "ﬁ ligature ½ ²",
    "\u0130\u0131 İstanbul", "e\u0301\u0323 order", "\ufdfa", "ZWJ a\u200db", "ſ ſ's it\u017f", "Z\u0301\u0327 <|no", "<|", "|>",
]


def random_texts(count, seed):
    rng = random.Random(seed)
    parts = ["a", "b", " ", "  ", "\n", "'s", "'", "é", "e\u0301", "9", "12", ".", "word", "<|tool|>", "<|eot|>", "<|pad|>", "日",
             "本", "👩", "\u200d", "the", " the", "ing", "\t", "Ж", "_", "fast"]
    return ["".join(rng.choice(parts) for _ in range(rng.randint(1, 14))) for _ in range(count)]


def byte_level(add_prefix_space=False, use_regex=True):
    return pre_tokenizers.ByteLevel(add_prefix_space=add_prefix_space, use_regex=use_regex)


def trained(pre_tokenizer, size, normalizer=None):
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizer
    if normalizer:
        tokenizer.normalizer = normalizer
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(vocab_size=size, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False)
    tokenizer.train_from_iterator(CORPUS, trainer)
    return tokenizer


def template(tokenizer, begin, end=""):
    single = " ".join(part for part in (begin, "$A", end) if part)
    special = [(token, tokenizer.token_to_id(token)) for token in (begin, end) if token]
    return processors.TemplateProcessing(single=single, special_tokens=special)


def gpt2_style():
    tokenizer = trained(byte_level(), 600)
    tokenizer.add_special_tokens(["<|eot|>"])
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=False)
    return tokenizer


def prefix_space():  # RoBERTa's kind of GPT-2, and a token that counts only as a word
    tokenizer = trained(byte_level(add_prefix_space=True), 500)
    tokenizer.add_special_tokens([AddedToken("<|eot|>", special=True), AddedToken("<|pad|>", lstrip=True, special=True)])
    tokenizer.add_tokens([AddedToken("word", single_word=True), AddedToken("fast", rstrip=True, lstrip=True)])
    return tokenizer


def llama3_style():
    tokenizer = trained(pre_tokenizers.Sequence([pre_tokenizers.Split(Regex(LLAMA3), "isolated"), byte_level(False, False)]), 700)
    document = json.loads(tokenizer.to_str())
    document["model"]["ignore_merges"] = True
    document["model"]["vocab"]["Ġwordy"] = len(document["model"]["vocab"])  # no merges lead here: only ignore_merges finds it
    tokenizer = Tokenizer.from_str(json.dumps(document))
    tokenizer.add_special_tokens(["<|bos|>", "<|eot|>", "<|pad|>"])
    tokenizer.add_tokens([AddedToken("<|tool|>", normalized=False)])
    tokenizer.post_processor = processors.Sequence([processors.ByteLevel(trim_offsets=False), template(tokenizer, "<|bos|>")])
    return tokenizer


def qwen_style():
    tokenizer = trained(pre_tokenizers.Sequence([pre_tokenizers.Split(Regex(QWEN), "isolated"), byte_level(False, False)]), 650,
                        normalizers.NFC())
    tokenizer.add_special_tokens(["<|eot|>", "<|pad|>"])
    tokenizer.add_tokens([AddedToken("<|tool|>", normalized=False), AddedToken("e\u0301word", normalized=True)])
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=False)
    return tokenizer


def smollm_style():
    steps = [pre_tokenizers.Digits(individual_digits=True), byte_level()]
    tokenizer = trained(pre_tokenizers.Sequence(steps), 500)
    tokenizer.add_special_tokens(["<|eot|>"])
    return tokenizer


def split_behaviours():  # every behaviour in a row, a literal and digits in one
    steps = [pre_tokenizers.Split("the", "merged_with_next"), pre_tokenizers.Split(Regex(r"[.,!?]"), "merged_with_previous"),
             pre_tokenizers.Split(Regex(r"\p{P}"), "contiguous"), pre_tokenizers.Split(Regex(r"\p{L}+"), "isolated"),
             pre_tokenizers.Split(Regex(r"[^\n\t]+"), "removed", invert=True), pre_tokenizers.Digits(), byte_level(False, False)]
    tokenizer = trained(pre_tokenizers.Sequence(steps), 400)
    tokenizer.add_special_tokens(["<|bos|>", "<|eot|>"])
    tokenizer.post_processor = template(tokenizer, "<|bos|>", "<|eot|>")
    return tokenizer


def vector(tokenizer, text):
    ids = tokenizer.encode(text, add_special_tokens=False).ids
    return {"text": text, "ids": ids, "ids_with_template": tokenizer.encode(text).ids,
            "decoded_skip_special": tokenizer.decode(ids, skip_special_tokens=True),
            "decoded_no_cleanup_keep_special": tokenizer.decode(ids, skip_special_tokens=False)}


for make in (gpt2_style, prefix_space, llama3_style, qwen_style, smollm_style, split_behaviours):
    made = make()
    document = json.loads(made.to_str())
    if make is gpt2_style:  # as older files have them
        document["model"]["merges"] = [" ".join(pair) for pair in document["model"]["merges"]]
    (HERE / f"{make.__name__}.json").write_text(json.dumps(document, ensure_ascii=False, separators=(",", ":")) + "\n")
    vectors = [vector(made, text) for text in TEXTS + random_texts(60, make.__name__)]
    (HERE / f"{make.__name__}.vectors.json").write_text(json.dumps({"vectors": vectors}, ensure_ascii=True, indent=0) + "\n")
