"""What transformers makes of the real model that `npm run real-model` fetches, read from the same GGUF file.

    python scripts/reference/real_model.py PATH-OF-THE-GGUF

Writes src-main/models/testing/real-model.json:

    sha256      of the file
    texts       short texts with the ids of transformers' tokenizer
    prompts     8 prompts: their ids, and 64 greedy tokens after them, in float32 (never stopped)
    logits      of the first prompt's last position: the 20 largest, as [id, logit]
"""

import hashlib
import sys
from pathlib import Path

import torch
from reference_files import SOURCE, deterministic, rounded, write_json
from transformers import AutoModelForCausalLM, AutoTokenizer

TEXTS = [
    "Hello, world!",
    " leading space",
    "trailing space ",
    "two  spaces,   three,    four",
    "      ",
    "a\nb\n\nc\n\n\nd\r\ne\tf\t\tg",
    "I'm, you're, we'll, it's, she'd, they've, DON'T, It'S",
    "1 12 123 1234 12345 3.14159 1,000,000 2026-11-29",
    "x1y22z333",
    "Ünïcödé naïve café résumé",
    "Москва и Санкт-Петербург",
    "東京都は日本の首都です。",
    "안녕하세요 세계",
    "مرحبا بالعالم",
    "שלום עולם",
    "नमस्ते दुनिया",
    "สวัสดีชาวโลก",
    "👩‍👩‍👧‍👦 family 🇩🇪 flag 🏳️‍🌈",
    "no-break\u00a0space, zero\u200bwidth, bom\ufeff",
    "e\u0301 decomposed, ﬁ ligature",
    "def area(shape):\n    return shape.width * shape.height  # square metres\n",
    "for (let i = 0; i < items.length; i++) { total += items[i] ** 2 % 0xFF; }",
    "<|im_start|>user\nWhat is gravity?<|im_end|>\n<|im_start|>assistant\n",
    "<|endoftext|><|im_end|> and <|not_a_token|>",
    "<repo_name>some/repo<file_sep>main.py\nprint(1)",
    "https://example.org/path?query=1&other=two#fragment",
    "supercalifragilisticexpialidocious antidisestablishmentarianism",
    "!!! ??? ... --- ___ *** ((( ))) [[[ ]]]",
    "MiXeD CaSe ALLCAPS lowercase",
    "The quick brown fox jumps over the lazy dog. " * 4,
]

QUESTIONS = [
    "What is gravity?",
    "Write a haiku about the sea.",
    "How do I boil an egg?",
    "Name three countries in Africa and their capitals.",
]

CONTINUED = [
    "Once upon a time, there was a little fox who",
    "The three states of matter are",
    "def fibonacci(n):\n    ",
    "In 1969, the first human",
]


def main(path):
    deterministic(0)
    torch.set_num_threads(2)
    folder, name = str(path.parent), path.name
    tokenizer = AutoTokenizer.from_pretrained(folder, gguf_file=name)
    model = AutoModelForCausalLM.from_pretrained(
        folder, gguf_file=name, dtype=torch.float32, attn_implementation="eager"
    ).eval()
    chats = [
        tokenizer.apply_chat_template(
            [{"role": "user", "content": question}], add_generation_prompt=True, tokenize=False
        )
        for question in QUESTIONS
    ]
    prompts = []
    for text in chats + CONTINUED:
        ids = tokenizer(text, add_special_tokens=False)["input_ids"]
        with torch.no_grad():
            out = model.generate(
                torch.tensor([ids]), max_new_tokens=64, min_new_tokens=64, do_sample=False,
                eos_token_id=None, pad_token_id=0,
            )[0, len(ids):].tolist()
        prompts.append({"text": text, "ids": ids, "greedy": out})
    with torch.no_grad():
        logits = model(torch.tensor([prompts[0]["ids"]])).logits[0, -1]
    best = torch.topk(logits, 20)
    write_json(SOURCE / "models/testing/real-model.json", {
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "texts": [{"text": text, "ids": tokenizer(text, add_special_tokens=False)["input_ids"]} for text in TEXTS],
        "prompts": prompts,
        "logits": [[index, value] for index, value in zip(best.indices.tolist(), rounded(best.values))],
    })


main(Path(sys.argv[1]).resolve())
