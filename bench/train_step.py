"""The PyTorch side of `npm run bench:train`: one training step of the tail for each line `step` on standard input.

Prints `ready` once, then for each step a JSON line {"milliseconds": ...}; ends with its input.
"""
import argparse
import json
import sys
import time

import torch
import torch.nn.functional as F

parser = argparse.ArgumentParser()
parser.add_argument("--d", type=int, default=256)
parser.add_argument("--width", type=int, default=512)
parser.add_argument("--k", type=int, default=12)
parser.add_argument("--alphabet", type=int, default=100)
parser.add_argument("--tokens", type=int, default=2048)
parser.add_argument("--threads", type=int, default=2)
options = parser.parse_args()
torch.set_num_threads(options.threads)
torch.manual_seed(0)
N, d, H, k, A = options.tokens, options.d, options.width, options.k, options.alphabet


def matrix(rows, columns, scale=1.0):
    return (torch.randn(rows, columns) * scale * columns**-0.5).requires_grad_()


gate, up, down, heads = matrix(H, d), matrix(H, d), matrix(d, H, 0.1), matrix(k * A, d)
hidden = torch.randn(N, d)
symbols = torch.randint(0, A, (N * k,))
symbols[torch.rand(N * k) < 0.4] = -100
optimizer = torch.optim.AdamW([gate, up, down, heads], lr=1e-3, betas=(0.9, 0.98), weight_decay=0.01, fused=True)


def step():
    optimizer.zero_grad(set_to_none=True)
    n = F.rms_norm(hidden, (d,), None, 1e-6)
    y = hidden + F.linear(F.silu(F.linear(n, gate)) * F.linear(n, up), down)
    logits = F.linear(F.rms_norm(y, (d,), None, 1e-6), heads)
    loss = F.cross_entropy(logits.view(-1, A), symbols, ignore_index=-100)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(optimizer.param_groups[0]["params"], 1.0)
    optimizer.step()
    return loss.item()


print(json.dumps({"ready": torch.__version__}), flush=True)
for line in sys.stdin:
    started = time.perf_counter()
    step()
    print(json.dumps({"milliseconds": (time.perf_counter() - started) * 1e3}), flush=True)
