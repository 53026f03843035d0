import { weightShapes, type Architecture } from '../models/architecture.ts'
import { bitsOf, type Precision } from '../models/precision.ts'
import { bytesPerWeight } from '../models/quantize.ts'
import { quantizingBytes } from '../models/quantized-weights.ts'
import type { DeviceChoice } from '../runtime/devices/device.ts'
import type { DecoderSize } from '../runtime/memory/estimate.ts'

/**
 * An architecture in a precision as the estimate of memory sees it.
 *
 * @param device where it is computed: graphics cards compute weights as stored in float16 (`fitToDevice`); 'auto' may be
 *   the CPU
 */
export function decoderSize(
  architecture: Architecture,
  precision: Precision,
  device: DeviceChoice,
): DecoderSize {
  const bits = bitsOf[precision]
  const kept = precision === 'kept' ? architecture.keptBytes : undefined
  const isHalf = precision === 'stored' && device !== 'cpu' && device !== 'auto'
  const { embedding, head, layers, hiddenSize, intermediateSize, vocabularySize, attention } = architecture
  const apart = [embedding.weight.name, embedding.positions?.name, head.weight.name]
  let blockWeights = 0
  for (const [name, shape] of weightShapes(architecture))
    if (!apart.includes(name)) blockWeights += shape.reduce((product, size) => product * size, 1)
  const { heads, keyValueHeads, headSize } = attention
  return {
    blockWeights,
    weightBytes: isHalf ? 2 : (kept?.layers ?? bytesPerWeight(bits, hiddenSize)),
    headWeightBytes: kept?.head ?? bytesPerWeight(bits, hiddenSize),
    keyValueNumberBytes: isHalf ? 2 : 4,
    quantizingBytes: bits === null ? 0 : quantizingBytes(architecture, bits),
    layers: layers.length,
    hiddenSize,
    intermediateSize,
    vocabularySize,
    heads,
    keyValueHeads,
    headSize,
  }
}
