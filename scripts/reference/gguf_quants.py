"""Blocks of every type of GGUF that is read, and the values that the `gguf` package makes of them.

Writes src-main/formats/testing/gguf-quants.json: for each type

    blocks    bytes, base64: one block of zeros, blocks of random bytes (scales made finite), and one of large scales
    values    float32, little-endian, base64: bit for bit what `gguf.quants.dequantize` returns
"""

import base64

import gguf
import numpy as np
from reference_files import SOURCE, write_json

Q = gguf.GGMLQuantizationType
# Where the float16 scales of a block lie.
SCALES = {
    Q.Q4_0: [0], Q.Q4_1: [0, 2], Q.Q5_0: [0], Q.Q5_1: [0, 2], Q.Q8_0: [0], Q.Q2_K: [80, 82], Q.Q3_K: [108],
    Q.Q4_K: [0, 2], Q.Q5_K: [0, 2], Q.Q6_K: [208], Q.F32: [], Q.F16: [], Q.BF16: [],
}  # fmt: skip


def blocks_of(kind, random):
    size = gguf.GGML_QUANT_SIZES[kind][1]
    if kind in (Q.F32, Q.F16, Q.BF16):
        values = np.concatenate([[0.0, -0.0, 1.0, 65504.0, 6e-8, np.inf, -np.inf], random.normal(0, 1, 57)])
        return gguf.quantize(values.astype(np.float32), kind).view(np.uint8).reshape(-1)
    blocks = random.integers(0, 256, (6, size), dtype=np.uint8)
    blocks[0] = 0
    for at in SCALES[kind]:
        scales = random.normal(0, 0.05, 6).astype(np.float16)
        scales[0] = 0
        scales[1] = 6e-8  # subnormal
        scales[5] = 60000
        blocks[:, at : at + 2] = scales.view(np.uint8).reshape(6, 2)
    return blocks.reshape(-1)


def main():
    random = np.random.default_rng(0)
    text = lambda data: base64.b64encode(data).decode()
    types = {}
    for kind in SCALES:
        blocks = blocks_of(kind, random)
        values = gguf.dequantize(blocks, kind).astype(np.float32)
        types[kind.name] = {"blocks": text(blocks.tobytes()), "values": text(values.astype("<f4").tobytes())}
    write_json(SOURCE / "formats/testing/gguf-quants.json", types)


main()
