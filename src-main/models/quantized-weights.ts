import { mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { CancelledError, describeSystemError, SpellmError } from '../errors.ts'
import {
  openSafetensors,
  readTensor,
  writeSafetensors,
  type SafetensorsFile,
  type TensorData,
} from '../formats/safetensors.ts'
import { linearWeights, type Weight } from './architecture.ts'
import type { BaseModel } from './base-model.ts'
import { blocksOf, blockSize, quantizeRows, type Bits } from './quantize.ts'
import { externalFiles, memoize } from './weights.ts'

const format = 'spellm-quantized-1'
/** Rows are read and rounded so many bytes (as float32) at a time. */
const pieceBytes = 16 << 20

interface QuantizeOptions {
  readonly bits: Bits
  /** Identifies the base model. */
  readonly sha256: string
  /** Weights done and in all. */
  readonly onProgress?: (done: number, total: number) => void
  readonly signal?: AbortSignal
}

/**
 * Writes the matrices of a model's linear layers and of its LM head, quantised (see quantize.ts), to a
 * safetensors file: `NAME.packed` and `NAME.scales` for each. Needs memory for the scales of one matrix only.
 *
 * @throws SpellmError for errors of the operating system; CancelledError, and no file is left
 */
export async function quantizeModel(
  model: BaseModel,
  file: string,
  { bits, sha256, onProgress, signal }: QuantizeOptions,
): Promise<void> {
  const matrices = linearWeights(model.architecture)
  const total = matrices.reduce((sum, { weight: { shape } }) => sum + shape[0]! * shape[1]!, 0)
  let done = 0
  const tensors: Record<string, TensorData> = {}
  for (const { weight, transposed } of matrices) {
    const [outputs, inputs] = (transposed ? weight.shape.toReversed() : weight.shape) as [number, number]
    const blocks = blocksOf(inputs)
    const scales = new Float32Array(outputs * blocks)
    tensors[`${weight.name}.packed`] = {
      dtype: 'U8',
      shape: [outputs, blocks, (blockSize * bits) / 8],
      data: async function* () {
        for await (const { values, firstRow } of readRows(model, weight, transposed)) {
          if (signal?.aborted) throw new CancelledError()
          const rows = quantizeRows(values, inputs, bits)
          scales.set(rows.scales, firstRow * blocks)
          yield rows.packed
          onProgress?.((done += values.length), total)
          await setImmediate()
        }
      },
    }
    // Written after the bytes, when it is full.
    tensors[`${weight.name}.scales`] = { dtype: 'F32', shape: [outputs, blocks], data: scales }
  }
  try {
    await mkdir(dirname(file), { recursive: true })
  } catch (error) {
    throw describeSystemError(error, dirname(file))
  }
  await writeSafetensors(file, tensors, { format, base: sha256, bits: String(bits) })
}

/** A matrix as float32 rows [out, in], a piece at a time. */
async function* readRows(
  { checkpoint }: BaseModel,
  { name, shape }: Weight,
  transposed: boolean,
): AsyncGenerator<{ readonly values: Float32Array; readonly firstRow: number }> {
  const entry = checkpoint.tensors.get(name)!
  const [rows, columns] = shape as [number, number]
  if (transposed) {
    const values = await readTensor(entry)
    yield {
      values: Float32Array.from(values, (_, i) => values[(i % rows) * columns + Math.floor(i / rows)]!),
      firstRow: 0,
    }
    return
  }
  const rowBytes = entry.byteLength / rows
  const step = Math.max(1, Math.floor(pieceBytes / (4 * columns)))
  for (let firstRow = 0; firstRow < rows; firstRow += step) {
    const count = Math.min(step, rows - firstRow)
    const piece = {
      ...entry,
      shape: [count, columns],
      offset: entry.offset + firstRow * rowBytes,
      byteLength: count * rowBytes,
    }
    yield { values: await readTensor(piece), firstRow }
  }
}

/**
 * The model with the matrices of a file that `quantizeModel` wrote; null if there is no such file.
 *
 * @throws SpellmError 'file-invalid' for a file of another model or precision, or a damaged one
 */
export async function openQuantizedModel(
  model: BaseModel,
  file: string,
  { bits, sha256 }: Pick<QuantizeOptions, 'bits' | 'sha256'>,
): Promise<BaseModel | null> {
  const quantized = await openSafetensors(file).catch((error: unknown) => {
    if (error instanceof SpellmError && error.code === 'file-not-found') return null
    throw error
  })
  if (!quantized) return null
  requireMatch(model, quantized, bits, sha256)
  const { folder, locate } = await externalFiles([...model.checkpoint.files, quantized.path])
  const tensor = memoize((name) => locate(model.checkpoint.tensors.get(name)!))
  const turned = new Set(
    linearWeights(model.architecture).flatMap(({ weight, transposed }) => (transposed ? [weight.name] : [])),
  )
  const matrix = memoize((name) => {
    const { shape } = model.checkpoint.tensors.get(name)!
    const [outputs, inputs] = (turned.has(name) ? shape.toReversed() : shape) as [number, number]
    const part = (suffix: string) => locate(quantized.tensors.get(`${name}.${suffix}`)!)
    return { bits, blockSize, outputs, inputs, packed: part('packed'), scales: part('scales') }
  })
  return { ...model, weights: { folder, isQuantized: true, tensor, matrix } }
}

function requireMatch(
  { architecture }: BaseModel,
  { path, metadata, tensors }: SafetensorsFile,
  bits: Bits,
  sha256: string,
): void {
  const isMatch =
    metadata['format'] === format &&
    metadata['base'] === sha256 &&
    metadata['bits'] === String(bits) &&
    linearWeights(architecture).every(({ weight, transposed }) => {
      const [outputs, inputs] = (transposed ? weight.shape.toReversed() : weight.shape) as [number, number]
      const packed = tensors.get(`${weight.name}.packed`)
      const scales = tensors.get(`${weight.name}.scales`)
      const blocks = blocksOf(inputs)
      return (
        packed?.dtype === 'U8' &&
        packed.shape.join() === [outputs, blocks, (blockSize * bits) / 8].join() &&
        scales?.dtype === 'F32' &&
        scales.shape.join() === [outputs, blocks].join()
      )
    })
  if (!isMatch)
    throw new SpellmError(
      'file-invalid',
      `${path} does not hold the ${bits}-bit weights of this model.`,
      'Delete the file; it is made again when it is needed.',
    )
}
