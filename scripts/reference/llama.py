"""Small random Llama checkpoints and the logits and tokens that transformers gets from them.

Writes src-main/models/testing/CASE/: a Hugging Face folder without tokenizer, and expected.json:

    tokens          prompt, token ids [T]
    prefillLogits   logits at every position of the prompt [T, V]
    greedy          the 64 tokens that follow greedily, decoded with a KV cache
    lastStepLogits  logits that follow tokens ++ greedy, from the 64th cached step [V]
    smallestMargin  least distance between the best and second-best logit at the greedy choices
    smallestMarginAt  index in greedy of that choice

Everything is computed in float32 with eager attention, from the weights as stored (bfloat16 and float16 are
widened).
"""

import torch
from reference_files import SOURCE, deterministic, rounded, write_json, write_llama

GREEDY_STEPS = 64

# The fields of a config.json on the Hub that are the same in all cases.
COMMON = {
    "architectures": ["LlamaForCausalLM"],
    "attention_bias": False,
    "attention_dropout": 0.0,
    "bos_token_id": 1,
    "eos_token_id": 2,
    "hidden_act": "silu",
    "initializer_range": 0.02,
    "max_position_embeddings": 256,
    "mlp_bias": False,
    "model_type": "llama",
    "num_hidden_layers": 2,
    "pretraining_tp": 1,
    "use_cache": True,
}

CLASSIC_ROPE = {"rope_scaling": None, "rope_theta": 10000.0}

CASES = {
    "gqa-tied": dict(
        seed=8,
        config={
            "hidden_size": 64,
            "intermediate_size": 112,
            "num_attention_heads": 4,
            "num_key_value_heads": 2,
            "rms_norm_eps": 1e-5,
            **CLASSIC_ROPE,
            "tie_word_embeddings": True,
            "torch_dtype": "float32",
            "vocab_size": 96,
        },
    ),
    # The oldest form: num_key_value_heads is absent and means num_attention_heads.
    "mha-untied": dict(
        seed=2,
        config={
            "hidden_size": 48,
            "intermediate_size": 80,
            "num_attention_heads": 3,
            "rms_norm_eps": 1e-6,
            **CLASSIC_ROPE,
            "tie_word_embeddings": False,
            "torch_dtype": "float32",
            "vocab_size": 90,
        },
    ),
    "mqa-bf16": dict(
        seed=1,
        dtype=torch.bfloat16,
        config={
            "hidden_size": 64,
            "intermediate_size": 96,
            "num_attention_heads": 4,
            "num_key_value_heads": 1,
            "rms_norm_eps": 1e-5,
            **CLASSIC_ROPE,
            "tie_word_embeddings": False,
            "torch_dtype": "bfloat16",
            "vocab_size": 80,
        },
    ),
    "fp16-sharded": dict(
        seed=11,
        dtype=torch.float16,
        shard_size=80_000,
        config={
            "hidden_size": 64,
            "intermediate_size": 96,
            "num_attention_heads": 4,
            "num_key_value_heads": 2,
            "rms_norm_eps": 1e-5,
            **CLASSIC_ROPE,
            "tie_word_embeddings": False,
            "torch_dtype": "float16",
            "vocab_size": 100,
        },
    ),
    # Queries are 4 × 24 = 96 wide in a model of width 48. The form that transformers 5 writes.
    "head-dim": dict(
        seed=5,
        config={
            "dtype": "float32",
            "head_dim": 24,
            "hidden_size": 48,
            "intermediate_size": 72,
            "num_attention_heads": 4,
            "num_key_value_heads": 2,
            "rms_norm_eps": 1e-5,
            "rope_parameters": {"rope_theta": 500000.0, "rope_type": "default"},
            "tie_word_embeddings": True,
            "vocab_size": 88,
        },
    ),
    # 48 prompt tokens and 64 more pass the original 32 positions several times over.
    "llama3-rope": dict(
        seed=3,
        prompt_length=48,
        config={
            "head_dim": 16,
            "hidden_size": 64,
            "intermediate_size": 80,
            "num_attention_heads": 4,
            "num_key_value_heads": 2,
            "rms_norm_eps": 1e-5,
            "rope_scaling": {
                "factor": 8.0,
                "high_freq_factor": 4.0,
                "low_freq_factor": 1.0,
                "original_max_position_embeddings": 32,
                "rope_type": "llama3",
            },
            "rope_theta": 500000.0,
            "tie_word_embeddings": True,
            "torch_dtype": "float32",
            "vocab_size": 84,
        },
    ),
}


@torch.no_grad()
def expected(model, tokens, compare_whole=True, varied=24):
    step = model(torch.tensor([tokens]), use_cache=True)
    prefill, greedy, margins = step.logits[0], [], []
    for _ in range(GREEDY_STEPS):
        best, second = step.logits[0, -1].topk(2).values.tolist()
        margins.append(best - second)
        greedy.append(step.logits[0, -1].argmax().item())
        step = model(torch.tensor([greedy[-1:]]), cache=step.cache, use_cache=True)
    last = step.logits[0, -1]

    if compare_whole:
        whole = model(torch.tensor([tokens + greedy]), use_cache=False).logits[0, -1]
        assert torch.allclose(last, whole, atol=1e-4, rtol=0), "the cached steps drift from one whole pass"
    assert min(margins) > 1e-2, f"margin {min(margins)}: rounding could change a choice; take another seed"
    assert len(set(greedy)) >= varied, f"only {len(set(greedy))} different tokens; take another seed"
    return {
        "tokens": tokens,
        "greedy": greedy,
        "smallestMargin": rounded(min(margins)),
        "smallestMarginAt": margins.index(min(margins)),
        "prefillLogits": rounded(prefill),
        "lastStepLogits": rounded(last),
    }


def main():
    for name, case in CASES.items():
        deterministic(case["seed"])
        config = dict(sorted((COMMON | case["config"]).items()))
        folder = SOURCE / "models" / "testing" / name
        model = write_llama(folder, config, weight_scale=0.3, dtype=case.get("dtype", torch.float32),
                            shard_size=case.get("shard_size", "1GB"))
        tokens = torch.randint(config["vocab_size"], (case.get("prompt_length", 12),)).tolist()
        write_json(folder / "expected.json", expected(model, tokens))


if __name__ == "__main__":
    main()
