"""Small files of the reference implementation: src-main/formats/testing/*.safetensors, and tokenizers' output."""
import json
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file
from tokenizers import Tokenizer

root = Path(__file__).resolve().parents[2]
folder = root / "src-main/formats/testing"
values = torch.tensor([[0.0, 1.0, -2.5], [65504.0, 6e-8, -0.333251953125]])
save_file(
    {
        "f64": values.double(),
        "f32": values,
        "f16": values.half(),
        "bf16": values.bfloat16(),
        "i64": torch.tensor([-(2**40), 7]),
        "i32": torch.tensor([-5, 6], dtype=torch.int32),
        "u8": torch.tensor([0, 255], dtype=torch.uint8),
        "bool": torch.tensor([True, False]),
        "scalar": torch.tensor(3.5),
        "empty": torch.zeros(0, 4),
        "f8": torch.tensor([1.0, -2.0]).to(torch.float8_e4m3fn),
    },
    folder / "dtypes.safetensors",
    metadata={"format": "pt", "note": "naïve ✓"},
)

# Round to nearest even: halfway cases, subnormals, overflow, and random numbers of every size.
rng = np.random.default_rng(1)
edge = [0.0, -0.0, 1.0, 65504.0, 65519.99, 65520.0, 1e9, -1e9, 2**-24, 2**-25, 2**-25 * 1.0001, 2**-14, 1 + 2**-11, 1 + 3 * 2**-11]
random = rng.normal(size=200) * 10.0 ** rng.integers(-9, 6, size=200)
floats = np.array(edge + list(random), dtype=np.float32)
(folder / "half.json").write_text(
    json.dumps({"float32": floats.view(np.uint32).tolist(), "float16": floats.astype(np.float16).view(np.uint16).tolist()}) + "\n"
)

tokenizer = Tokenizer.from_file(str(root / "resources/sample-model/tokenizer.json"))
texts = [
    "Once upon a time, a shy hedgehog lived in a burrow.",
    "  two  spaces\tand a tab\r\nnew line",
    "def f(x):\n    return x ** 2  # 3.14159",
    "Größe, garçon, ñandú, Ωμέγα",
    "שלום עולם",
    "مرحبا بالعالم",
    "नमस्ते दुनिया",
    "你好，世界",
    "👩‍👩‍👧‍👦 🏳️‍🌈 e\u0301",
    "\u0000\u0001\u007f",
    "",
]
(root / "src-main/tokenizer/testing/token-ids.json").write_text(
    json.dumps([{"text": text, "ids": tokenizer.encode(text, add_special_tokens=False).ids} for text in texts]) + "\n"
)
