"""The vocabularies of tokenizer_files.py as GGUF files, and what transformers reads from those files.

Writes src-main/tokenizer/testing/gguf/FAMILY.gguf (metadata only: no tensor) and, beside them, expected.json: for each
of the texts of testing/tokenizers/expected.json the ids of the tokenizer that transformers makes of the file, without
those around a text. null for a family that transformers splits in another way than its own tokenizer.json does.
"""

import base64
import json

import gguf
from reference_files import SOURCE, write_json
from transformers.integrations.gguf.gguf_tokenizer_mapping import convert_gguf_tokenizer, get_gguf_tokenizer

FOLDER = SOURCE / "tokenizer/testing/tokenizers"
OUTPUT = SOURCE / "tokenizer/testing/gguf"

# Family: architecture, kind, name of the splitting.
FAMILIES = {
    "llama3": ("llama", "gpt2", "llama-bpe"),
    "qwen2": ("qwen2", "gpt2", "qwen2"),
    "gpt2": ("gpt2", "gpt2", "gpt-2"),
    "starcoder2": ("starcoder2", "gpt2", "starcoder"),
    "phi-4": ("phi3", "gpt2", "gpt-4o"),
    "deepseek": ("llama", "gpt2", "deepseek-v3"),
    "mistral": ("llama", "llama", None),
    "phi3": ("phi3", "llama", None),
    "gemma": ("gemma", "llama", None),
    "t5": ("t5", "t5", None),
}
NORMAL, UNKNOWN, CONTROL, USER_DEFINED, UNUSED, BYTE = 1, 2, 3, 4, 5, 6
# transformers splits these as GPT-2, and knows nothing of a charsmap.
SPLIT_OTHERWISE = ["starcoder2", "deepseek"]


def vocabulary(tokenizer):
    """Tokens, scores and types by id, as llama.cpp's converter writes them."""
    model = tokenizer["model"]
    added = {token["id"]: token for token in tokenizer["added_tokens"]}
    if model["type"] == "Unigram":
        entries = {index: entry for index, entry in enumerate(model["vocab"])}
    else:
        merged = {"".join(merge) if isinstance(merge, list) else merge.replace(" ", ""): -rank
                  for rank, merge in enumerate(model["merges"])}
        entries = {index: (token, merged.get(token, -1e6)) for token, index in model["vocab"].items()}
    tokens, scores, types = [], [], []
    for index in range(max([*entries, *added]) + 1):
        text, score = entries.get(index, (f"[PAD{index}]", 0.0))
        kind = NORMAL if index in entries else UNUSED
        if index in added:
            text, kind = added[index]["content"], CONTROL if added[index]["special"] else USER_DEFINED
        if text == "<unk>":
            kind = UNKNOWN
        if text.startswith("<0x") and len(text) == 6:
            kind = BYTE
        tokens.append(text.encode())
        scores.append(float(score))
        types.append(kind)
    return tokens, scores, types


def write_family(name, architecture, kind, split):
    tokenizer = json.loads((FOLDER / name / "tokenizer.json").read_text())
    tokens, scores, types = vocabulary(tokenizer)
    path = OUTPUT / f"{name}.gguf"
    writer = gguf.GGUFWriter(path, architecture)
    writer.add_tokenizer_model(kind)
    writer.add_token_list(tokens)
    writer.add_token_types(types)
    if kind == "gpt2":
        writer.add_tokenizer_pre(split)
        merges = tokenizer["model"]["merges"]
        writer.add_token_merges([" ".join(merge) if isinstance(merge, list) else merge for merge in merges])
    else:
        writer.add_token_scores(scores)
    expected = json.loads((FOLDER / "expected.json").read_text())["families"][name]
    for ids, add, say in [(expected["begin"], writer.add_bos_token_id, writer.add_add_bos_token),
                          (expected["end"], writer.add_eos_token_id, writer.add_add_eos_token)]:
        say(len(ids) > 0)
        if ids:
            add(ids[0])
    if b"<unk>" in tokens:
        writer.add_unk_token_id(tokens.index(b"<unk>"))
    if architecture == "gemma":
        writer.add_add_space_prefix(False)
    normalizers = (tokenizer["normalizer"] or {}).get("normalizers", [tokenizer["normalizer"]])
    for part in normalizers:
        if part and part["type"] == "Precompiled":
            writer.add_precompiled_charsmap(base64.b64decode(part["precompiled_charsmap"]))
    if kind == "t5":
        writer.add_remove_extra_whitespaces(True)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.close()
    if name in SPLIT_OTHERWISE:
        return None
    read, _ = convert_gguf_tokenizer(*get_gguf_tokenizer(str(path))[:2])
    texts = json.loads((FOLDER / "expected.json").read_text())["texts"]
    return [read.encode(text, add_special_tokens=False).ids for text in texts]


def main():
    OUTPUT.mkdir(parents=True, exist_ok=True)
    write_json(OUTPUT / "expected.json", {name: write_family(name, *how) for name, how in FAMILIES.items()})


main()
