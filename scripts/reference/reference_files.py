"""Where reference values are written and how: the same bytes on every run."""

import json
from pathlib import Path

import torch
from huggingface_hub import save_torch_state_dict
from safetensors.torch import save_file
from transformers import LlamaConfig, LlamaForCausalLM, logging

SOURCE = Path(__file__).resolve().parents[2] / "src-main"

logging.disable_progress_bar()


def deterministic(seed):
    """One thread (sums in one order) and a fixed seed."""
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    torch.manual_seed(seed)


def rounded(values, digits=7):
    """A tensor as nested lists of numbers with so many significant digits (7: float32's own precision)."""
    if isinstance(values, torch.Tensor):
        values = values.tolist()
    if isinstance(values, list):
        return [rounded(value, digits) for value in values]
    return float(f"{values:.{digits}g}") if isinstance(values, float) else values


def write_tensors(path, tensors):
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file({name: tensor.detach().contiguous() for name, tensor in tensors.items()}, path)


def write_json(path, value):
    """Objects are indented; a list of numbers takes one line, however long."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(_formatted(value, "") + "\n")


def _formatted(value, indent):
    inner = indent + "  "
    if isinstance(value, dict) and value:
        fields = [f"{inner}{json.dumps(key)}: {_formatted(item, inner)}" for key, item in value.items()]
        return "{\n" + ",\n".join(fields) + f"\n{indent}}}"
    if isinstance(value, list) and any(isinstance(item, (list, dict)) for item in value):
        return "[\n" + ",\n".join(inner + _formatted(item, inner) for item in value) + f"\n{indent}]"
    return json.dumps(value)


def write_llama(folder, config, weight_scale, dtype=torch.float32, shard_size="1GB"):
    """Writes a random Llama as a Hugging Face folder and returns it as transformers loads it, in float32.

    Matrices are normal with standard deviation weight_scale, norm weights uniform in 0.5 … 1.5, so that a norm
    weight that is ignored or misplaced changes the logits. The config is written as given, not in the form that
    the installed transformers would write.
    """
    model = LlamaForCausalLM(LlamaConfig(**config))
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.dim() == 1:
                parameter.uniform_(0.5, 1.5)
            else:
                parameter.normal_(0, weight_scale)
    weights = {name: tensor.to(dtype) for name, tensor in model.state_dict().items()}
    if config["tie_word_embeddings"]:
        del weights["lm_head.weight"]
    folder.mkdir(parents=True, exist_ok=True)
    save_torch_state_dict(weights, folder, filename_pattern="model{suffix}.safetensors",
                          max_shard_size=shard_size, metadata={"format": "pt"})
    (folder / "config.json").write_text(json.dumps(config, indent=2) + "\n")
    loaded = LlamaForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager")
    return loaded.eval()
