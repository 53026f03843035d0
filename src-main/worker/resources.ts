import type { Architecture } from '../models/architecture.ts'
import { parameterCount } from '../models/architecture.ts'
import { tailParameterCount, type TailShape } from '../models/tail.ts'
import { planTeacherCache, teacherCacheBytes, teacherCacheShape } from '../distill/teacher-cache.ts'
import { chunksPerGroup } from '../distill/schedule.ts'

const floatBytes = 4

/**
 * Memory that the teacher takes while it fills the cache, in bytes: its weights as float32, and the widest
 * tensors of a batch, which are the logits or a layer's attention scores and inner activations.
 */
export function teacherMemoryBytes(architecture: Architecture): number {
  const { batch, tokens } = teacherCacheShape(architecture)
  const rows = batch * tokens
  const { hiddenSize, intermediateSize, attention, vocabularySize } = architecture
  const layer = rows * (8 * hiddenSize + 3 * intermediateSize + 2 * attention.heads * tokens)
  const logits = rows * vocabularySize
  return floatBytes * (parameterCount(architecture) + Math.max(layer, logits))
}

/** Memory that training a tail takes, in bytes: what AdamW keeps, a batch's activations, the chunks in memory. */
export function tailMemoryBytes(
  architecture: Architecture,
  shape: TailShape,
  { batchTokens, chunks }: { readonly batchTokens: number; readonly chunks: number },
): number {
  const { hiddenSize: d, k, alphabetSize, adapterWidths } = shape
  const perToken =
    3 * k * alphabetSize + adapterWidths.reduce((sum, width) => sum + 6 * width + 8 * d, 0) + 4 * d
  const { positionsPerChunk } = planTeacherCache('', teacherCacheShape(architecture), 0)
  // float16 hidden states; the choices; symbols and weights of each head.
  const perPosition = 2 * d + 4 + 8 * k
  // Parameters, gradients (ours and onnxruntime's) and two moments.
  return (
    floatBytes * (5 * tailParameterCount(shape) + batchTokens * perToken) +
    Math.min(chunks, chunksPerGroup) * positionsPerChunk * perPosition
  )
}

/** Disk that a run takes at most, in bytes: the teacher cache, the tokens, two checkpoints and the SpeLLM. */
export function runDiskBytes(architecture: Architecture, shape: TailShape, chunks: number): number {
  const cacheShape = teacherCacheShape(architecture)
  const { positionsPerChunk } = planTeacherCache('', cacheShape, 0)
  const cache = teacherCacheBytes({ folder: '', shape: cacheShape, chunks, positionsPerChunk })
  const tokens = chunks * positionsPerChunk * 4
  const savedTails = 2 * 3 + 1
  return cache + tokens + savedTails * floatBytes * tailParameterCount(shape)
}
