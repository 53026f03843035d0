"""A tail with token symbols in PyTorch: the loss of soft targets and its gradients.

For states x [N, d], an LM head W [V, d] and a group for each token (−1: the token is a symbol of its own), the base's
distribution is P = softmax(x Wᵀ). The tail's first distribution is the softmax of the token symbols' own logits, x W_vᵀ,
and the first head's scores of the groups; it is compared with P, in which each group has the sum of its tokens:

    loss = mean KL(P ‖ tail) + Σ weight · crossEntropy(z, symbol),  z [N · k, A] the scores of all heads

Here the divergence is computed as it is defined, from both distributions; ours leaves out what no weight changes. Writes
src-main/distill/testing/symbol-tail.safetensors and symbol-tail.json, in float32 from float64.
"""

import torch
import torch.nn.functional as F
from reference_files import SOURCE, deterministic, rounded, write_json, write_tensors
from tail import tail_scores

SIZES = dict(tokens=16, d=16, blocks=[24], k=3, alphabet=5, vocabulary=40, symbols=12)


def main():
    deterministic(7)
    tokens, d, blocks, k, alphabet, vocabulary, symbols = SIZES.values()
    head = torch.randn(vocabulary, d, dtype=torch.float64) / d**0.5 * 1.5
    hidden = torch.randn(tokens, d, dtype=torch.float64) * 1.5
    group = torch.randint(alphabet, (vocabulary,))
    group[torch.randperm(vocabulary)[:symbols]] = -1

    parameters = {
        "adapter.0.gate.weight": torch.randn(blocks[0], d, dtype=torch.float64) / d**0.5,
        "adapter.0.up.weight": torch.randn(blocks[0], d, dtype=torch.float64) / d**0.5,
        "adapter.0.down.weight": torch.randn(d, blocks[0], dtype=torch.float64) / blocks[0] ** 0.5,
        "heads.weight": torch.randn(k * alphabet, d, dtype=torch.float64) / d**0.5,
        "heads.bias": torch.randn(k * alphabet, 1, dtype=torch.float64),
    }
    # The reference is of the numbers as they are stored.
    head, hidden = head.float().double(), hidden.float().double()
    parameters = {name: value.float().double().requires_grad_() for name, value in parameters.items()}

    logits = hidden @ head.T
    base = logits.softmax(-1)
    hot = group < 0
    aggregated = torch.zeros(tokens, alphabet, dtype=torch.float64).index_add_(1, group[~hot], base[:, ~hot])
    spelled = aggregated.sum(1)

    scores = tail_scores(hidden, parameters, blocks, d) + parameters["heads.bias"][:, 0]
    first = scores[:, :alphabet]
    ours = torch.cat([logits[:, hot], first], 1).log_softmax(-1)
    theirs = torch.cat([base[:, hot], aggregated], 1)
    divergence = (theirs * (theirs.log() - ours)).sum(1).mean()

    spelling = torch.randint(alphabet, (tokens * k,))
    weights = (spelled / tokens).repeat_interleave(k)
    weights[::k] = 0
    cross_entropy = F.cross_entropy(scores.reshape(-1, alphabet), spelling, reduction="none")
    loss = divergence + (cross_entropy * weights).sum()
    loss.backward()

    tensors = {
        "head": head,
        "hidden": hidden,
        "group": group.int(),
        "symbols": spelling.int(),
        "weights": weights,
        "aggregated": aggregated,
        **{f"parameters.{name}": value for name, value in parameters.items()},
        **{f"gradients.{name}": value.grad for name, value in parameters.items()},
    }
    folder = SOURCE / "distill" / "testing"
    write_tensors(
        folder / "symbol-tail.safetensors",
        {name: value.float() if value.is_floating_point() else value for name, value in tensors.items()},
    )
    write_json(
        folder / "symbol-tail.json",
        {**SIZES, "divergence": rounded(divergence.item()), "loss": rounded(loss.item())},
    )


if __name__ == "__main__":
    main()
