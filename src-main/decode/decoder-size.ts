import { weightShapes, type Architecture } from '../models/architecture.ts'
import { bitsOf, type Precision } from '../models/precision.ts'
import { bytesPerWeight } from '../models/quantize.ts'
import { quantizingBytes } from '../models/quantized-weights.ts'
import type { DecoderSize } from '../runtime/memory/estimate.ts'

/** An architecture in a precision as the estimate of memory sees it. */
export function decoderSize(architecture: Architecture, precision: Precision): DecoderSize {
  const bits = bitsOf[precision]
  const { embedding, head, layers, hiddenSize, intermediateSize, vocabularySize, attention } = architecture
  const apart = [embedding.weight.name, embedding.positions?.name, head.weight.name]
  let blockWeights = 0
  for (const [name, shape] of weightShapes(architecture))
    if (!apart.includes(name)) blockWeights += shape.reduce((product, size) => product * size, 1)
  const { heads, keyValueHeads, headSize } = attention
  return {
    blockWeights,
    weightBytes: bytesPerWeight(bits),
    quantizingBytes: bits === null ? 0 : quantizingBytes(architecture),
    layers: layers.length,
    hiddenSize,
    intermediateSize,
    vocabularySize,
    heads,
    keyValueHeads,
    headSize,
  }
}
