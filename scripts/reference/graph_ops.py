"""Outputs and gradients of differentiable operators.

Writes src-main/graph/testing/ops.safetensors, in which for each case CASE below and each of its inputs NAME:

    CASE.NAME           an input, float32 (targets and indices: int32)
    CASE.output         the result
    CASE.cotangent      random, of the output's shape
    CASE.gradient.NAME  gradient of Σ cotangent ⊙ output by a float input

Inputs are float32 values; all else is computed in float64 and rounded to float32 once.
"""

import torch
import torch.nn.functional as F
from reference_files import SOURCE, deterministic, write_tensors


def rotated(x, theta=10000.0):
    """Rotary embedding of [..., tokens, headDim] at positions 0, 1, …: dimension i pairs with i + headDim / 2."""
    tokens, head_dim = x.shape[-2:]
    frequencies = theta ** (-torch.arange(0, head_dim, 2, dtype=x.dtype) / head_dim)
    angles = torch.outer(torch.arange(tokens, dtype=x.dtype), frequencies).repeat(1, 2)
    first, second = x.chunk(2, dim=-1)
    return x * angles.cos() + torch.cat((-second, first), dim=-1) * angles.sin()


def attention(query, key, value):
    """Causal attention, scale headDim^-0.5; query heads 2 i and 2 i + 1 read key and value head i."""
    groups = query.shape[1] // key.shape[1]
    key, value = (tensor.repeat_interleave(groups, dim=1) for tensor in (rotated(key), value))
    return F.scaled_dot_product_attention(rotated(query), key, value, is_causal=True)


def rearranged(a, b):
    """a [2, 3, 4] and b [2, 2, 4] concatenated on axis 1, rows 1 … 3 of axis 1 kept, axes permuted to (2, 0, 1)."""
    return torch.cat((a, b), dim=1)[:, 1:4].permute(2, 0, 1)


def normal(*shape):
    return torch.randn(shape)


def divisor(*shape):
    """Of either sign and 0.5 … 2 in size."""
    return (torch.rand(shape) * 1.5 + 0.5) * (torch.randint(2, shape) * 2 - 1)


def integers(*values):
    return torch.tensor(values, dtype=torch.int32)


def cases():
    yield "softmax", lambda x: x.softmax(-1), {"x": normal(3, 4, 5) * 2}
    yield "attention", attention, {
        "query": normal(2, 4, 6, 8), "key": normal(2, 2, 6, 8), "value": normal(2, 2, 6, 8),
    }
    yield "rotary", rotated, {"x": normal(2, 4, 6, 8)}
    yield "rmsNorm", lambda x, weight: F.rms_norm(x, (8,), weight, eps=1e-6), {
        "x": normal(3, 4, 8), "weight": torch.rand(8) + 0.5,
    }
    yield "silu", F.silu, {"x": normal(4, 6) * 3}
    # The mean runs over the rows whose target is not -100.
    yield "crossEntropy", lambda logits, targets: F.cross_entropy(logits, targets.long(), ignore_index=-100), {
        "logits": normal(10, 7) * 2, "targets": integers(3, -100, 0, 6, 6, -100, 2, 5, -100, 1),
    }
    yield "embedding", lambda table, indices: table[indices.long()], {
        "table": normal(6, 4), "indices": integers(2, 0, 2, 5, 2, 0).reshape(2, 3),
    }
    for suffix, shape in ("Column", (3, 1)), ("Row", (4,)):
        yield f"add{suffix}", torch.add, {"a": normal(2, 3, 4), "b": normal(*shape)}
        yield f"multiply{suffix}", torch.mul, {"a": normal(2, 3, 4), "b": normal(*shape)}
        yield f"divide{suffix}", torch.div, {"a": normal(2, 3, 4), "b": divisor(*shape)}
    yield "divideColumnBy", torch.div, {"a": normal(3, 1), "b": divisor(2, 3, 4)}
    for suffix, keepdim in ("", False), ("Keep", True):
        yield f"sum{suffix}", lambda x: x.sum((0, 2), keepdim=keepdim), {"x": normal(2, 3, 4)}
        yield f"mean{suffix}", lambda x: x.mean((0, 2), keepdim=keepdim), {"x": normal(2, 3, 4)}
    yield "rearrange", rearranged, {"a": normal(2, 3, 4), "b": normal(2, 2, 4)}
    yield "matmul", torch.matmul, {"a": normal(2, 1, 3, 4), "b": normal(5, 4, 6)}
    yield "logSumExp", lambda x: x.logsumexp(-1, keepdim=True), {"x": normal(3, 4, 5) * 20}


def main():
    deterministic(1)
    tensors = {}
    for name, function, inputs in cases():
        exact = {
            key: value.double().requires_grad_() if value.is_floating_point() else value
            for key, value in inputs.items()
        }
        output = function(*exact.values())
        cotangent = torch.randn(output.shape)
        output.backward(cotangent.double())
        tensors |= {f"{name}.{key}": value for key, value in inputs.items()}
        tensors |= {f"{name}.output": output.float(), f"{name}.cotangent": cotangent}
        tensors |= {
            f"{name}.gradient.{key}": value.grad.float() for key, value in exact.items() if value.requires_grad
        }
    write_tensors(SOURCE / "graph" / "testing" / "ops.safetensors", tensors)


if __name__ == "__main__":
    main()
