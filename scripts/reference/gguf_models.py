"""Small random models as GGUF files, laid out as llama.cpp's converter does, and the logits that transformers computes.

Writes src-main/models/testing/gguf/NAME.gguf and, beside them, expected.json: for each name

    tokens      a prompt, token ids [T]
    logits      those of transformers at each position [T, V], in float32 with eager attention

The logits are those of the model itself, with weights as the file stores them. Where transformers reads the
architecture from GGUF files, its reading of the file's weights must give the same logits, or this script fails. (Its
reading of the metadata leaves out biases, heads' sizes, scales and factors, so it is given the config.)
"""

import json
import tempfile
from pathlib import Path

import gguf
import numpy as np
import torch
from reference_files import SOURCE, deterministic, rounded, write_json
from transformers import AutoConfig, AutoModelForCausalLM

OUTPUT = SOURCE / "models/testing/gguf"
Q = gguf.GGMLQuantizationType

SIZES = {
    "hidden_size": 32, "intermediate_size": 64, "num_attention_heads": 4, "num_key_value_heads": 2,
    "num_hidden_layers": 2, "max_position_embeddings": 256, "vocab_size": 48, "bos_token_id": 1, "eos_token_id": 2,
}  # fmt: skip
LLAMA = {**SIZES, "hidden_act": "silu", "rms_norm_eps": 1e-5, "rope_theta": 10000.0, "tie_word_embeddings": True}
GEMMA = {**SIZES, "head_dim": 8, "rms_norm_eps": 1e-6, "rope_theta": 10000.0, "tie_word_embeddings": True,
         "hidden_activation": "gelu_pytorch_tanh"}  # fmt: skip

# By name of the file: architecture in GGUF, the type of matrices, config.
CASES = {
    "llama-f32": ("llama", Q.F32, {**LLAMA, "model_type": "llama", "head_dim": 16, "tie_word_embeddings": False}),
    "llama-q4_1": ("llama", Q.Q4_1, {**LLAMA, "model_type": "llama"}),
    "llama-bf16": ("llama", Q.BF16, {**LLAMA, "model_type": "llama", "attention_bias": True, "mlp_bias": True}),
    "llama3-rope": ("llama", Q.Q8_0, {**LLAMA, "model_type": "llama", "rope_scaling": {
        "rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
        "original_max_position_embeddings": 32}}),
    "qwen2": ("qwen2", Q.Q5_0, {**LLAMA, "model_type": "qwen2", "rms_norm_eps": 1e-6}),
    "qwen3": ("qwen3", Q.Q5_1, {**LLAMA, "model_type": "qwen3", "head_dim": 16}),
    "gemma": ("gemma", Q.F16, {**GEMMA, "model_type": "gemma", "hidden_act": "gelu_pytorch_tanh"}),
    "gemma2": ("gemma2", Q.Q8_0, {**GEMMA, "model_type": "gemma2", "query_pre_attn_scalar": 8, "sliding_window": 5,
                                  "attn_logit_softcapping": 50.0, "final_logit_softcapping": 30.0}),
    "gemma3": ("gemma3", Q.Q8_0, {**GEMMA, "model_type": "gemma3_text", "query_pre_attn_scalar": 8,
                                  "sliding_window": 5, "num_hidden_layers": 6, "intermediate_size": 32,
                                  "rope_theta": 1000000.0}),
    "phi3": ("phi3", Q.Q4_0, {**LLAMA, "model_type": "phi3", "tie_word_embeddings": False, "pad_token_id": 0,
                              "original_max_position_embeddings": 256}),
    "phi3-longrope": ("phi3", Q.F16, {**LLAMA, "model_type": "phi3", "tie_word_embeddings": False, "pad_token_id": 0,
                                      "original_max_position_embeddings": 64, "rope_scaling": {
        "type": "longrope", "long_factor": [1.0, 1.5, 2.0, 3.0], "short_factor": [1.0, 1.1, 1.2, 1.3]}}),
    "starcoder2": ("starcoder2", Q.F16, {**SIZES, "model_type": "starcoder2", "hidden_act": "gelu_pytorch_tanh",
                                         "norm_epsilon": 1e-5, "rope_theta": 10000.0, "use_bias": True,
                                         "tie_word_embeddings": True, "sliding_window": None}),
    "gpt2": ("gpt2", Q.F16, {"model_type": "gpt2", "n_embd": 32, "n_layer": 2, "n_head": 4, "n_positions": 64,
                             "vocab_size": 48, "bos_token_id": 1, "eos_token_id": 2}),
    "gptneox": ("gptneox", Q.F16, {**SIZES, "model_type": "gpt_neox", "hidden_act": "gelu", "rotary_pct": 0.25,
                                   "rotary_emb_base": 10000, "layer_norm_eps": 1e-5, "use_parallel_residual": True,
                                   "tie_word_embeddings": False}),
    "olmo2": ("olmo2", Q.Q8_0, {**LLAMA, "model_type": "olmo2"}),
    "granite": ("granite", Q.Q8_0, {**LLAMA, "model_type": "granite", "attention_multiplier": 0.2,
                                    "embedding_multiplier": 3.0, "residual_multiplier": 0.4, "logits_scaling": 2.0}),
    "smollm3": ("smollm3", Q.Q8_0, {**LLAMA, "model_type": "smollm3", "num_hidden_layers": 4,
                                    "pad_token_id": 0, "intermediate_size": 32, "no_rope_layer_interval": 4}),
}  # fmt: skip
READ_BY_TRANSFORMERS = ["llama", "qwen2", "qwen3", "gemma2", "gemma3", "gpt2", "phi3", "starcoder2"]

LLAMA_FORM = ("llama", "granite", "smollm3")
NAMES = {
    "model.embed_tokens": "token_embd", "model.norm": "output_norm", "lm_head": "output",
    "transformer.wte": "token_embd", "transformer.wpe": "position_embd", "transformer.ln_f": "output_norm",
    "gpt_neox.embed_in": "token_embd", "gpt_neox.final_layer_norm": "output_norm", "embed_out": "output",
}  # fmt: skip


def permute(weights, heads):
    """llama.cpp's `LlamaModel.permute`."""
    return (weights.reshape(heads, 2, weights.shape[0] // heads // 2, *weights.shape[1:])
            .swapaxes(1, 2).reshape(weights.shape))  # fmt: skip


def converted(architecture, config, name, weights):
    """A tensor's values as llama.cpp's converter writes them."""
    kind = name.rsplit(".", 1)[0].split(".")[-1]
    if architecture in LLAMA_FORM and kind in ("q_proj", "k_proj"):
        heads = config.num_attention_heads if kind == "q_proj" else config.num_key_value_heads
        return permute(weights, heads)
    if architecture.startswith("gemma") and name.endswith("norm.weight"):
        return weights + 1
    if architecture == "gpt2" and name.endswith((".c_attn.weight", ".c_proj.weight", ".c_fc.weight")):
        return weights.T
    if architecture == "gptneox" and kind == "query_key_value":
        heads = config.num_attention_heads
        parts = weights.reshape(heads, 3, weights.shape[0] // heads // 3, *weights.shape[1:])
        return np.concatenate([parts[:, i].reshape(-1, *weights.shape[1:]) for i in range(3)])
    return weights


def gguf_name(architecture, layers, name):
    base, suffix = name.rsplit(".", 1)
    mapped = NAMES.get(base) or gguf.get_tensor_name_map(
        {v: k for k, v in gguf.MODEL_ARCH_NAMES.items()}[architecture], layers).get_name(base)
    return f"{mapped}.{suffix}"


def add_parameters(writer, architecture, config):
    hidden = config.hidden_size
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(hidden)
    writer.add_block_count(config.num_hidden_layers)
    writer.add_head_count(config.num_attention_heads)
    inner = getattr(config, "intermediate_size", None) or 4 * hidden
    writer.add_feed_forward_length(inner)
    if architecture not in ("gpt2", "gptneox"):
        writer.add_head_count_kv(config.num_key_value_heads)
        writer.add_rope_freq_base(config.rope_parameters["full_attention"]["rope_theta"]
                                  if architecture == "gemma3" else config.rope_parameters["rope_theta"])
    if architecture in ("gpt2", "gptneox", "starcoder2"):
        writer.add_layer_norm_eps(getattr(config, "layer_norm_epsilon", None) or
                                  getattr(config, "layer_norm_eps", None) or config.norm_epsilon)
    else:
        writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    if architecture in ("llama", "qwen3") or architecture.startswith("gemma"):
        writer.add_key_length(config.head_dim)
        writer.add_value_length(config.head_dim)
    if architecture == "llama":
        writer.add_rope_dimension_count(config.head_dim)
        writer.add_vocab_size(config.vocab_size)
    if architecture in ("gemma2", "gemma3"):
        writer.add_sliding_window(config.sliding_window)
    if architecture == "gemma2":
        writer.add_attn_logit_softcapping(config.attn_logit_softcapping)
        writer.add_final_logit_softcapping(config.final_logit_softcapping)
    if architecture == "gptneox":
        writer.add_rope_dimension_count(int(0.25 * hidden // config.num_attention_heads))
        writer.add_parallel_residual(config.use_parallel_residual)
    if architecture == "phi3":
        writer.add_rope_dimension_count(hidden // config.num_attention_heads)
        writer.add_rope_scaling_orig_ctx_len(config.original_max_position_embeddings)
        writer.add_sliding_window(0)
    if architecture == "granite":
        writer.add_attention_scale(config.attention_multiplier)
        writer.add_embedding_scale(config.embedding_multiplier)
        writer.add_residual_scale(config.residual_multiplier)
        writer.add_logit_scale(config.logits_scaling)


def add_rotary_factors(writer, architecture, config):
    parameters = config.rope_parameters if architecture != "gpt2" else {}
    kind = parameters.get("rope_type")
    if kind == "llama3":
        # llama.cpp's `generate_extra_tensors`.
        dim = config.head_dim
        freqs = 1.0 / (parameters["rope_theta"] ** (torch.arange(0, dim, 2, dtype=torch.float32) / dim))
        low = parameters["original_max_position_embeddings"] / parameters["low_freq_factor"]
        high = parameters["original_max_position_embeddings"] / parameters["high_freq_factor"]
        factors = []
        for freq in freqs:
            wavelength = 2 * np.pi / freq
            if wavelength < high:
                factors.append(1)
            elif wavelength > low:
                factors.append(parameters["factor"])
            else:
                smooth = ((parameters["original_max_position_embeddings"] / wavelength - parameters["low_freq_factor"])
                          / (parameters["high_freq_factor"] - parameters["low_freq_factor"]))  # fmt: skip
                factors.append(1 / ((1 - smooth) / parameters["factor"] + smooth))
        writer.add_tensor("rope_freqs.weight", np.array(factors, dtype=np.float32))
    if kind == "longrope":
        scale = config.max_position_embeddings / config.original_max_position_embeddings
        writer.add_rope_scaling_attn_factors(float(np.sqrt(1 + np.log(scale) / np.log(config.original_max_position_embeddings))))
        writer.add_tensor("rope_factors_long.weight", np.array(parameters["long_factor"], dtype=np.float32))
        writer.add_tensor("rope_factors_short.weight", np.array(parameters["short_factor"], dtype=np.float32))


def add_vocabulary(writer, size):
    """Enough for transformers to open the file; nothing is encoded with it."""
    tokens = ["<unk>", "<s>", "</s>"] + [f"<0x{byte:02X}>" for byte in range(size - 3)]
    writer.add_tokenizer_model("llama")
    writer.add_token_list(tokens)
    writer.add_token_scores([0.0] * size)
    writer.add_token_types([2, 3, 3] + [6] * (size - 3))
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_unk_token_id(0)


def write_case(name, architecture, qtype, fields):
    config = AutoConfig.for_model(**fields)
    model = AutoModelForCausalLM.from_config(config, dtype=torch.float32, attn_implementation="eager").eval()
    state = model.state_dict()
    with torch.no_grad():
        for key, parameter in model.named_parameters():
            if parameter.dim() == 1 and "norm" in key or ".ln_" in key:
                low = -0.5 if architecture.startswith("gemma") else 0.5
                parameter.uniform_(low, low + 1) if key.endswith("weight") else parameter.normal_(0, 0.3)
            else:
                parameter.normal_(0, 0.3 if parameter.dim() == 1 else 0.15 if "embed" not in key else 0.5)
    path = OUTPUT / f"{name}.gguf"
    writer = gguf.GGUFWriter(path, architecture)
    add_parameters(writer, architecture, config)
    add_rotary_factors(writer, architecture, config)
    add_vocabulary(writer, config.vocab_size)
    seen = set()
    for key, value in state.items():
        if key == "lm_head.weight" and config.tie_word_embeddings or key.endswith((".attn.bias", ".masked_bias")):
            continue
        weights = np.ascontiguousarray(converted(architecture, config, key, value.numpy()))
        # llama.cpp keeps vectors in float32, and here it writes the embedding as Q8_0 beside Q4_1, as its quantiser does.
        own = Q.F32 if weights.ndim == 1 else Q.Q8_0 if qtype == Q.Q4_1 and "embed" in key else qtype
        data = gguf.quantize(weights, own)
        gguf_key = gguf_name(architecture, config.num_hidden_layers, key)
        assert gguf_key not in seen
        seen.add(gguf_key)
        writer.add_tensor(gguf_key, data, raw_dtype=own)
        # The model computes with what the file holds.
        stored = gguf.dequantize(data, own).reshape(weights.shape)
        with torch.no_grad():
            value.copy_(torch.from_numpy(restored(architecture, config, key, stored, value.numpy())))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()

    tokens = torch.randint(3, config.vocab_size, (12,)).tolist()
    with torch.no_grad():
        logits = model(torch.tensor([tokens])).logits[0]
    if architecture in READ_BY_TRANSFORMERS:
        read = AutoModelForCausalLM.from_pretrained(OUTPUT, gguf_file=path.name, config=config, dtype=torch.float32,
                                                    attn_implementation="eager").eval()
        with torch.no_grad():
            difference = (read(torch.tensor([tokens])).logits[0] - logits).abs().max().item()
        print(name, "transformers' reading differs by", difference)
        assert difference < 1e-4, name
    return {"tokens": tokens, "logits": rounded(logits)}


def restored(architecture, config, name, stored, original):
    """The values of a tensor in transformers' order, from those in the file: the inverse of `converted`, by trying."""
    order = np.arange(original.size, dtype=np.float64).reshape(original.shape)
    if architecture.startswith("gemma") and name.endswith("norm.weight"):
        return stored - 1
    places = converted(architecture, config, name, order)
    values = np.empty(original.size, dtype=np.float32)
    values[places.ravel().astype(np.int64)] = stored.ravel()
    return values.reshape(original.shape)


def main():
    OUTPUT.mkdir(parents=True, exist_ok=True)
    expected = {}
    for index, (name, case) in enumerate(CASES.items()):
        deterministic(index)
        expected[name] = write_case(name, *case)
    write_json(OUTPUT / "expected.json", expected)


main()
