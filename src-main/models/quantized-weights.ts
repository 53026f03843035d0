import { SpellmError, nullIfNotFound } from '../base/errors.ts'
import { openSafetensors, type SafetensorsFile, type TensorData } from '../formats/safetensors.ts'
import { memoize } from '../base/memoize.ts'
import { linearWeightGroups, linearWeights, type Architecture, type LinearWeight } from './architecture.ts'
import type { BaseModel } from './base-model.ts'
import {
  valuesOf,
  writeDerivedWeights,
  type DerivedWeightsOptions,
  type ReportValues,
} from './derived-weights.ts'
import { blockBytes, blocksOf, blockSizeOf, quantizeRows, type Bits } from './quantize.ts'
import { sideBySide } from './side-by-side-tensors.ts'
import { externalFiles } from './weights.ts'
import { hasWidened, weightsToWiden, widened } from './widened-weights.ts'

const format = 'spellm-quantized-3'
/** Formats that earlier versions wrote: such weights are made again. */
const earlierFormats = ['spellm-quantized-1', 'spellm-quantized-2']
/** Rows are read and rounded this many bytes (as float32) at a time. */
const pieceBytes = 16 << 20

interface QuantizeOptions extends DerivedWeightsOptions {
  readonly bits: Bits
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
  { bits, ...options }: QuantizeOptions,
): Promise<void> {
  const others = weightsBeside(model)
  const names = [...linearWeights(model.architecture).map(({ weight }) => weight.name), ...others]
  const total = names.reduce((sum, name) => sum + valuesOf(model, name), 0)
  const tensorsOf = (report: ReportValues) => {
    const quantize = (one: LinearWeight) => {
      const [outputs, inputs] = sizeOf(one)
      const blocks = blocksOf(bits, inputs)
      const scales = new Float32Array(outputs * blocks)
      const packed: TensorData = {
        dtype: 'U8',
        shape: [outputs, blocks, blockBytes(bits, inputs)],
        data: async function* () {
          for await (const { values, firstRow } of readRows(model, one)) {
            const rows = quantizeRows(values, inputs, bits)
            scales.set(rows.scales, firstRow * blocks)
            yield rows.packed
            await report(values.length)
          }
        },
      }
      // Written after the bytes, when it is full.
      return {
        name: one.weight.name,
        packed,
        scales: { dtype: 'F32', shape: [outputs, blocks], data: scales } as const,
      }
    }
    const tensors: Record<string, TensorData> = {}
    for (const group of linearWeightGroups(model.architecture)) {
      // Side by side, so that they can be read as one matrix.
      const parts = group.map(quantize)
      for (const { name, packed } of parts) tensors[`${name}.packed`] = packed
      for (const { name, scales } of parts) tensors[`${name}.scales`] = scales
    }
    for (const name of others) tensors[name] = widened(model, name, report)
    return tensors
  }
  await writeDerivedWeights(file, { format, bits: String(bits) }, total, tensorsOf, options)
}

/**
 * Memory that `quantizeModel` takes, in bytes: a piece as stored, as float32 and rounded (at most twice its float32 size), and the scales of the matrices
 * that are written side by side. A transposed matrix is read whole and turned.
 */
export function quantizingBytes(architecture: Architecture, bits: Bits): number {
  const scales = (group: readonly LinearWeight[]) =>
    group.map(sizeOf).reduce((sum, [outputs, inputs]) => sum + 4 * outputs * blocksOf(bits, inputs), 0)
  const pieces = ({ weight: { shape }, transposed }: LinearWeight) =>
    transposed ? 2 * 4 * shape[0]! * shape[1]! : 0
  const groups = linearWeightGroups(architecture)
  return Math.max(...groups.map(scales)) + Math.max(2 * pieceBytes, ...groups.flat().map(pieces))
}

/**
 * The weights that graphs also read as floats (norms, biases, the embedding) and that aren't in the model's files as
 * such: those of a GGUF.
 */
function weightsBeside(model: BaseModel): string[] {
  const { embedding } = model.architecture
  const matrices = new Set(linearWeights(model.architecture).map(({ weight }) => weight.name))
  // A tied head is quantised, and the embedding is read from rows of floats.
  const isRead = (name: string) => !matrices.has(name) || name === embedding.weight.name
  return weightsToWiden(model).filter(isRead)
}

/** Outputs and inputs of a linear layer. */
function sizeOf({ weight: { shape }, transposed }: LinearWeight): readonly [outputs: number, inputs: number] {
  const [first, second] = shape as [number, number]
  return transposed ? [second, first] : [first, second]
}

/** A matrix as float32 rows [out, in], a piece at a time. */
async function* readRows(
  { checkpoint }: BaseModel,
  { weight: { name, shape }, transposed }: LinearWeight,
): AsyncGenerator<{ readonly values: Float32Array; readonly firstRow: number }> {
  const [rows, columns] = shape as [number, number]
  if (transposed) {
    const values = await checkpoint.readRows(name, 0, rows)
    yield {
      values: Float32Array.from(values, (_, i) => values[(i % rows) * columns + Math.floor(i / rows)]!),
      firstRow: 0,
    }
    return
  }
  const step = Math.max(1, Math.floor(pieceBytes / (4 * columns)))
  for (let firstRow = 0; firstRow < rows; firstRow += step)
    yield {
      values: await checkpoint.readRows(name, firstRow, Math.min(step, rows - firstRow)),
      firstRow,
    }
}

/**
 * The model with the matrices of a file that `quantizeModel` wrote; null if there is no such file, or one in an
 * earlier format.
 *
 * @throws SpellmError 'file-invalid' for a file of another model or precision, or a damaged one
 */
export async function openQuantizedModel(
  model: BaseModel,
  file: string,
  { bits, sha256 }: Pick<QuantizeOptions, 'bits' | 'sha256'>,
): Promise<BaseModel | null> {
  const quantized = await openSafetensors(file).catch(nullIfNotFound)
  if (!quantized || earlierFormats.includes(quantized.metadata['format'] ?? '')) return null
  requireMatch(model, quantized, bits, sha256)
  const { folder, locate } = await externalFiles([...model.checkpoint.files, quantized.path])
  const tensor = memoize((name: string) =>
    locate((model.checkpoint.tensors.get(name) ?? quantized.tensors.get(name))!),
  )
  const linears = new Map(linearWeights(model.architecture).map((one) => [one.weight.name, one]))
  const entry = (name: string, suffix: string) => quantized.tensors.get(`${name}.${suffix}`)!
  const matrix = memoize((name: string) => {
    const [outputs, inputs] = sizeOf(linears.get(name)!)
    const part = (suffix: string) => locate(entry(name, suffix))
    return {
      bits,
      blockSize: blockSizeOf(bits, inputs),
      outputs,
      inputs,
      packed: part('packed'),
      scales: part('scales'),
    }
  })
  const joined = (names: readonly string[]) => {
    const parts = ['packed', 'scales'].map((suffix) => sideBySide(names.map((name) => entry(name, suffix))))
    const [packed, scales] = parts.map((part) => part && locate(part))
    if (!packed || !scales) return null
    const inputs = sizeOf(linears.get(names[0]!)!)[1]
    return {
      bits,
      blockSize: blockSizeOf(bits, inputs),
      outputs: packed.shape[0] as number,
      inputs,
      packed,
      scales,
    }
  }
  return {
    ...model,
    weights: { folder, isQuantized: true, products: 'float32', tensor, matrix, table: tensor, joined },
  }
}

function requireMatch(
  model: BaseModel,
  { path, metadata, tensors }: SafetensorsFile,
  bits: Bits,
  sha256: string,
): void {
  const isMatch =
    metadata['format'] === format &&
    metadata['base'] === sha256 &&
    metadata['bits'] === String(bits) &&
    hasWidened(model, tensors, weightsBeside(model)) &&
    linearWeights(model.architecture).every((one) => {
      const { weight } = one
      const [outputs, inputs] = sizeOf(one)
      const packed = tensors.get(`${weight.name}.packed`)
      const scales = tensors.get(`${weight.name}.scales`)
      const blocks = blocksOf(bits, inputs)
      return (
        packed?.dtype === 'U8' &&
        packed.shape.join() === [outputs, blocks, blockBytes(bits, inputs)].join() &&
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
