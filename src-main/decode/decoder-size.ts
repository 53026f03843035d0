import { weightShapes, type Architecture } from '../models/architecture.ts'
import type { DecoderSize } from '../runtime/memory/estimate.ts'

/** An architecture as the estimate of memory sees it. */
export function decoderSize(architecture: Architecture): DecoderSize {
  const { embedding, head, layers, hiddenSize, intermediateSize, vocabularySize, attention } = architecture
  const apart = [embedding.weight.name, embedding.positions?.name, head.weight.name]
  let blockWeights = 0
  for (const [name, shape] of weightShapes(architecture))
    if (!apart.includes(name)) blockWeights += shape.reduce((product, size) => product * size, 1)
  const { heads, keyValueHeads, headSize } = attention
  return {
    blockWeights,
    layers: layers.length,
    hiddenSize,
    intermediateSize,
    vocabularySize,
    heads,
    keyValueHeads,
    headSize,
  }
}
