"""Next-token loss and its gradients for every parameter of a small random Llama.

Writes src-main/models/testing/training/: a Hugging Face folder (tied embeddings), expected.json with

    tokens  token ids [2, 12]
    loss    mean cross-entropy of the 2 × 11 predictions

and gradients.safetensors with grad.NAME for each tensor NAME of model.safetensors; that of the tied embedding sums
its two uses.
"""

import torch
import torch.nn.functional as F
from reference_files import SOURCE, deterministic, rounded, write_json, write_llama, write_tensors

CONFIG = {
    "architectures": ["LlamaForCausalLM"],
    "attention_bias": False,
    "attention_dropout": 0.0,
    "bos_token_id": 1,
    "eos_token_id": 2,
    "hidden_act": "silu",
    "hidden_size": 32,
    "initializer_range": 0.02,
    "intermediate_size": 48,
    "max_position_embeddings": 64,
    "mlp_bias": False,
    "model_type": "llama",
    "num_attention_heads": 4,
    "num_hidden_layers": 2,
    "num_key_value_heads": 2,
    "pretraining_tp": 1,
    "rms_norm_eps": 1e-5,
    "rope_scaling": None,
    "rope_theta": 10000.0,
    "tie_word_embeddings": True,
    "torch_dtype": "float32",
    "use_cache": True,
    "vocab_size": 40,
}


def main():
    deterministic(1)
    folder = SOURCE / "models" / "testing" / "training"
    model = write_llama(folder, CONFIG, weight_scale=0.2)
    tokens = torch.randint(CONFIG["vocab_size"], (2, 12))
    logits = model(tokens, use_cache=False).logits
    loss = F.cross_entropy(logits[:, :-1].flatten(0, 1), tokens[:, 1:].flatten())
    loss.backward()
    gradients = {f"grad.{name}": parameter.grad for name, parameter in model.named_parameters()}
    write_tensors(folder / "gradients.safetensors", gradients)
    write_json(folder / "expected.json", {"tokens": tokens.tolist(), "loss": rounded(loss.item())})


if __name__ == "__main__":
    main()
