"""A tail that learns the teacher's distribution, in PyTorch: loss and gradients.

For final-norm hidden states x [N, d], a tail of tail.py with k heads over A symbols, C candidate tokens with spellings
s_c (symbol indices of heads 0 … length − 1), rows r_c of the LM head, its scale and cap, and log-weights w_c:

    score_c = Σ_i log softmax(z_i)[s_c,i] + w_c;  teacher_c = cap · tanh(scale · x · r_c / cap) + w_c
    loss = mean over N of KL(softmax(teacher) ‖ softmax(score))

Writes src-main/distill/testing/distribution.safetensors, in which for CASE = plain, capped and each parameter NAME:

    CASE.hidden [N, d], CASE.headRows [C, d], CASE.spellings [C, k · A], CASE.logWeights [1, C]
    CASE.parameters.NAME, CASE.gradients.NAME

and distribution.json with each case's sizes, scale, cap and loss. Inputs are float32 values; all else is computed in
float64 and rounded once.
"""

import torch
import torch.nn.functional as F
from reference_files import SOURCE, deterministic, rounded, write_json, write_tensors
from tail import double, initial, tail_scores

CASES = {
    "plain": dict(d=16, blocks=[32], k=3, alphabet=7, tokens=12, candidates=9, scale=1.0, cap=None, weighted=False),
    "capped": dict(d=8, blocks=[16, 32], k=4, alphabet=6, tokens=10, candidates=11, scale=0.5, cap=3.0, weighted=True),
}


def spelled(candidates, k, alphabet):
    """Random spellings of 1 … k symbols and the matrix that sums up their scores."""
    spellings = [torch.randint(alphabet, (int(torch.randint(1, k + 1, ())),)).tolist() for _ in range(candidates)]
    matrix = torch.zeros(candidates, k * alphabet)
    for row, spelling in enumerate(spellings):
        for head, symbol in enumerate(spelling):
            matrix[row, head * alphabet + symbol] = 1
    return spellings, matrix


def divergence(batch, parameters, spellings, case):
    hidden, weights = batch["hidden"], batch["logWeights"][0]
    characters = tail_scores(hidden, parameters, case["blocks"], case["d"]).reshape(-1, case["k"], case["alphabet"])
    characters = characters.log_softmax(-1)
    scores = torch.stack([sum(characters[:, i, s] for i, s in enumerate(word)) for word in spellings], dim=1)
    teacher = case["scale"] * hidden @ batch["headRows"].T
    if case["cap"] is not None:
        teacher = case["cap"] * torch.tanh(teacher / case["cap"])
    student = (scores + weights).log_softmax(-1)
    return F.kl_div(student, (teacher + weights).log_softmax(-1), log_target=True, reduction="batchmean")


def main():
    tensors, summary = {}, {}
    for name, case in CASES.items():
        deterministic(2)
        batch, parameters = initial(**case)
        spellings, matrix = spelled(case["candidates"], case["k"], case["alphabet"])
        log_weights = torch.rand(1, case["candidates"]) * 3 if case["weighted"] else torch.zeros(1, case["candidates"])
        batch = {
            "hidden": batch["hidden"],
            "headRows": torch.randn(case["candidates"], case["d"]),
            "spellings": matrix,
            "logWeights": log_weights,
        }
        exact = {key: value.requires_grad_() for key, value in double(parameters).items()}
        loss = divergence(double(batch), exact, spellings, case)
        loss.backward()
        gradients = {key: value.grad.float() for key, value in exact.items()}
        tensors |= {f"{name}.{key}": value for key, value in batch.items()}
        for group, values in {"parameters": parameters, "gradients": gradients}.items():
            tensors |= {f"{name}.{group}.{key}": value for key, value in values.items()}
        sizes = {key: value for key, value in case.items() if key != "weighted"}
        summary[name] = {**sizes, "loss": rounded(loss.item())}

    folder = SOURCE / "distill" / "testing"
    write_tensors(folder / "distribution.safetensors", tensors)
    write_json(folder / "distribution.json", summary)


if __name__ == "__main__":
    main()
