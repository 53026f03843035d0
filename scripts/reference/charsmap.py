"""SentencePiece's precompiled normalisation of a few rules, which T5's kind of tokenizer carries in its file.

Prints it in base64; `python charsmap.py > charsmap.base64` made the file that tokenizer_files.py reads. Needs the
package `sentencepiece` (0.2.3), which compiles the rules; the real tables are of the same form, with 10^4 of them.
"""

import base64
import tempfile
import unicodedata
from pathlib import Path

import sentencepiece
from sentencepiece import sentencepiece_model_pb2 as protobuf

SOURCES = [
    *map(chr, range(0xFF01, 0xFF5F)),
    *"\u2460\ufb01\u212b\u00bd\u00b2\u2167",
    # What composes: a rule may look at several characters, of which it replaces all.
    *("e\u0301", "i\u0308", "A\u030a", "o\u0308", "e\u0302\u0323", "e\u0323\u0302"),
]
SPACES = ["\u00a0", "\u3000", "\t", "\n", "\u2028"]
REMOVED = ["\u200b", "\ufeff", "\x7f"]


def rules():
    targets = {source: unicodedata.normalize("NFKC", source) for source in SOURCES}
    targets |= {source: " " for source in SPACES} | {source: "" for source in REMOVED}
    def points(text):
        return " ".join(f"{ord(character):X}" for character in text)
    return "".join(f"{points(source)}\t{points(target)}\n" for source, target in sorted(targets.items()))


with tempfile.TemporaryDirectory() as folder:
    Path(folder, "rules.tsv").write_text(rules())
    Path(folder, "corpus.txt").write_text("a b c d e f g h i j k l m n o p q r s t u v w x y z\n" * 20)
    sentencepiece.SentencePieceTrainer.train(
        input=f"{folder}/corpus.txt",
        model_prefix=f"{folder}/model",
        vocab_size=32,
        hard_vocab_limit=False,
        normalization_rule_tsv=f"{folder}/rules.tsv",
        minloglevel=2,
    )
    model = protobuf.ModelProto()
    model.ParseFromString(Path(folder, "model.model").read_bytes())
print(base64.b64encode(model.normalizer_spec.precompiled_charsmap).decode())
