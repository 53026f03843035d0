"""The SpeLLM tail in PyTorch: loss, gradients and 12 AdamW steps, for a tail of one adapter block and one of two.

For final-norm hidden states x [N, d], blocks b of width H_b, k heads over A symbols, n = rms(y) = y / √(mean(y²) +
1e-6), all matrices laid out [out, in]:

    y = x;  y = y + (silu(n gate_bᵀ) ⊙ (n up_bᵀ)) down_bᵀ  for each block;  z = rms(y) headsᵀ, read as [N, k, A]
    loss = Σ weight · crossEntropy(z, symbol) / Σ weight,  weight 0 or 1

Writes src-main/distill/testing/tail.safetensors, in which for CASE = oneBlock, twoBlocks and each parameter NAME
(adapter.B.gate.weight, adapter.B.up.weight, adapter.B.down.weight, heads.weight):

    CASE.hidden [N, d], CASE.symbols int32 [N·k], CASE.weights [N·k]   the batch, head index fastest
    CASE.parameters.NAME, CASE.gradients.NAME                          before step 1, unclipped
    CASE.final.NAME                                                    after the last step

and tail.json with the hyperparameters, each case's sizes and the trajectory of steps on that same batch: the learning
rates used, and the losses and unclipped gradient norms before each update.
"""

import math

import torch
import torch.nn.functional as F
from reference_files import SOURCE, deterministic, rounded, write_json, write_tensors

CASES = {
    "oneBlock": dict(seed=1, d=16, blocks=[32], k=3, alphabet=7, tokens=24),
    "twoBlocks": dict(seed=1, d=16, blocks=[32, 64], k=4, alphabet=9, tokens=16),
}

STEPS, WARMUP_STEPS = 12, 2
PEAK_LEARNING_RATE = {"adapter": 3e-3, "heads": 5e-3}
ADAMW = dict(betas=(0.9, 0.98), eps=1e-8, weight_decay=0.01)
MAX_NORM = 1.0

SCHEDULE = (
    "learningRate(s) = peak * (s + 1) / warmupSteps for s < warmupSteps, "
    "else peak * (1 + cos(pi * (s - warmupSteps) / (steps - warmupSteps))) / 2; s = 0 to steps - 1"
)


def schedule(step):
    if step < WARMUP_STEPS:
        return (step + 1) / WARMUP_STEPS
    return (1 + math.cos(math.pi * (step - WARMUP_STEPS) / (STEPS - WARMUP_STEPS))) / 2


def initial(d, blocks, k, alphabet, tokens, **_):
    """The batch and parameters. Heads are so large that the first gradients are clipped and the last are not."""
    parameters = {}
    for b, width in enumerate(blocks):
        parameters[f"adapter.{b}.gate.weight"] = torch.randn(width, d) / d**0.5
        parameters[f"adapter.{b}.up.weight"] = torch.randn(width, d) / d**0.5
        parameters[f"adapter.{b}.down.weight"] = torch.randn(d, width) / width**0.5
    parameters["heads.weight"] = torch.randn(k * alphabet, d) * 1.6 / d**0.5

    # Spellings of length 1 … k, masked after their end; a masked symbol may be anything valid.
    lengths = torch.randint(1, k + 1, (tokens, 1))
    batch = {
        "hidden": torch.randn(tokens, d) * 1.5,
        "symbols": torch.randint(alphabet, (tokens * k,), dtype=torch.int32),
        "weights": (torch.arange(k) < lengths).float().flatten(),
    }
    return batch, parameters


def tail_scores(hidden, parameters, blocks, d):
    """z [N, k · A]."""

    def rms(values):
        return F.rms_norm(values, (d,), eps=1e-6)

    y = hidden
    for b in range(len(blocks)):
        gate, up, down = (parameters[f"adapter.{b}.{part}.weight"] for part in ("gate", "up", "down"))
        n = rms(y)
        y = y + F.linear(F.silu(F.linear(n, gate)) * F.linear(n, up), down)
    return F.linear(rms(y), parameters["heads.weight"])


def tail_loss(batch, parameters, blocks, d, alphabet):
    z = tail_scores(batch["hidden"], parameters, blocks, d).reshape(-1, alphabet)
    losses = F.cross_entropy(z, batch["symbols"].long(), reduction="none")
    return (losses * batch["weights"]).sum() / batch["weights"].sum()


def train(batch, parameters, case):
    """Gradients before step 1, the trajectory and the final parameters, in the parameters' dtype."""
    parameters = {name: value.clone().requires_grad_() for name, value in parameters.items()}
    optimizer = torch.optim.AdamW(
        [
            {"params": [value for name, value in parameters.items() if name.startswith(group)], "group": group}
            for group in PEAK_LEARNING_RATE
        ],
        **ADAMW,
    )
    gradients = None
    trajectory = {"learningRates": {group: [] for group in PEAK_LEARNING_RATE}, "losses": [], "gradientNorms": []}
    for step in range(STEPS):
        for group in optimizer.param_groups:
            group["lr"] = PEAK_LEARNING_RATE[group["group"]] * schedule(step)
            trajectory["learningRates"][group["group"]].append(group["lr"])
        optimizer.zero_grad()
        loss = tail_loss(batch, parameters, case["blocks"], case["d"], case["alphabet"])
        loss.backward()
        gradients = gradients or {name: value.grad.clone() for name, value in parameters.items()}
        norm = torch.nn.utils.clip_grad_norm_(parameters.values(), MAX_NORM)
        optimizer.step()
        trajectory["losses"].append(rounded(loss.item()))
        trajectory["gradientNorms"].append(rounded(norm.item()))
    return gradients, trajectory, {name: value.detach() for name, value in parameters.items()}


def double(tensors):
    return {name: value.double() if value.is_floating_point() else value for name, value in tensors.items()}


def main():
    tensors, summary = {}, {
        "steps": STEPS,
        "warmupSteps": WARMUP_STEPS,
        "schedule": SCHEDULE,
        "peakLearningRate": PEAK_LEARNING_RATE,
        "betas": list(ADAMW["betas"]),
        "epsilon": ADAMW["eps"],
        "weightDecay": ADAMW["weight_decay"],
        "maxNorm": MAX_NORM,
        "rmsEpsilon": 1e-6,
        "cases": {},
    }
    for name, case in CASES.items():
        deterministic(case["seed"])
        batch, parameters = initial(**case)
        gradients, trajectory, final = train(batch, parameters, case)

        _, _, exact = train(double(batch), double(parameters), case)
        drift = max((final[key] - exact[key]).abs().max().item() for key in final)
        assert drift < 1e-6, f"{name}: float32 drifts by {drift} from float64; take another seed"
        norms = trajectory["gradientNorms"]
        assert max(norms) > MAX_NORM > min(norms), f"{name}: want steps with and without clipping, norms {norms}"

        groups = {"parameters": parameters, "gradients": gradients, "final": final}
        tensors |= {f"{name}.{key}": value for key, value in batch.items()}
        tensors |= {f"{name}.{group}.{key}": value for group, values in groups.items() for key, value in values.items()}
        sizes = {key: value for key, value in case.items() if key != "seed"}
        summary["cases"][name] = {**sizes, "loss": trajectory["losses"][0], "trajectory": trajectory}

    folder = SOURCE / "distill" / "testing"
    write_tensors(folder / "tail.safetensors", tensors)
    write_json(folder / "tail.json", summary)


if __name__ == "__main__":
    main()
