import { closeSync, openSync, readSync } from 'node:fs'
import { join } from 'node:path'
import { bfloat16ToFloat32, float16ToFloat32 } from '../formats/half.ts'
import { constant, type Value } from '../graph/index.ts'
import type { Head } from './architecture.ts'
import type { BaseModel } from './base-model.ts'
import type { Matrix, QuantizedMatrix } from './blocks.ts'
import { dequantizeRow } from './quantize.ts'

/** The LM head's rows, read one by one in place: n tokens cost n · d, not V · d. */
export interface HeadRows {
  /**
   * The base model's logits of some tokens, exact up to rounding.
   *
   * @param hidden float32 [d], after the final norm
   */
  logits(hidden: Float32Array, tokens: readonly number[]): Float32Array
  /** The rows of some tokens, without the head's scale and cap: float32 [tokens, d]. */
  read(tokens: ArrayLike<number>): Float32Array
  /** The same rows as a graph's constant [tokens, d], in the integers that the base model's have. At least one. */
  gather(tokens: readonly number[]): Matrix
  close(): void
}

/**
 * Opens the files that hold the LM head's rows. Rows that are used often stay in the system's page cache, so
 * they take no memory of the process.
 */
export function openHeadRows({ architecture: { head, hiddenSize }, weights }: BaseModel): HeadRows {
  const matrix = weights.matrix(head.weight.name)
  const rows = 'bits' in matrix ? quantizedRows(matrix, weights.folder) : plainRows(matrix, weights.folder)
  const read = (tokens: ArrayLike<number>) => {
    const read = new Float32Array(tokens.length * hiddenSize)
    for (let i = 0; i < tokens.length; i++) read.set(rows.read(tokens[i]!), i * hiddenSize)
    return read
  }
  return {
    logits: (hidden, tokens) =>
      Float32Array.from(tokens, (token) => {
        const row = rows.read(token)
        let sum = 0
        for (let i = 0; i < hidden.length; i++) sum += hidden[i]! * row[i]!
        return logitOf(sum, head)
      }),
    read,
    gather: (tokens) => rows.gather?.(tokens) ?? constant(read(tokens), [tokens.length, hiddenSize]),
    close: () => rows.close(),
  }
}

/** What an LM head makes of a row's product with a state: scale, then cap; as `scaleAndCap` in a graph. */
export function logitOf(product: number, { scale, cap }: Pick<Head, 'scale' | 'cap'>): number {
  const scaled = product * scale
  return cap === null ? scaled : cap * Math.tanh(scaled / cap)
}

interface Rows {
  /** Row `index` as float32 [d]; valid until the next call. */
  read(index: number): Float32Array
  /** Quantised ones as they are. */
  gather?(indices: readonly number[]): QuantizedMatrix
  close(): void
}

function plainRows(matrix: Value, folder: string): Rows {
  const stored = openTensor(matrix, folder)
  const widen = {
    float32: (bytes: ArrayBuffer) => new Float32Array(bytes),
    float16: (bytes: ArrayBuffer) => float16ToFloat32(new Uint16Array(bytes)),
    bfloat16: (bytes: ArrayBuffer) => bfloat16ToFloat32(new Uint16Array(bytes)),
  }[matrix.dtype as 'float32' | 'float16' | 'bfloat16']
  return { read: (index) => widen(stored.read(index)), close: () => stored.close() }
}

function quantizedRows(matrix: QuantizedMatrix, folder: string): Rows {
  const { packed, scales, minima } = matrix
  const integers = openTensor(packed, folder)
  const factors = openTensor(scales, folder)
  const added = minima && openTensor(minima, folder)
  /** The slices of some rows, one after another. */
  const together = (tensor: ReturnType<typeof openTensor>, indices: readonly number[]) =>
    Uint8Array.from(Buffer.concat(indices.map((index) => new Uint8Array(tensor.read(index)).slice())))
  const numbers = (tensor: ReturnType<typeof openTensor>, indices: readonly number[]) =>
    constant(new Float32Array(together(tensor, indices).buffer), [indices.length, ...scales.shape.slice(1)])
  return {
    gather: (indices) => ({
      ...matrix,
      outputs: indices.length,
      packed: constant(together(integers, indices), [indices.length, ...packed.shape.slice(1)]),
      scales: numbers(factors, indices),
      ...(added ? { minima: numbers(added, indices) } : {}),
    }),
    read: (index) =>
      dequantizeRow(
        {
          packed: new Uint8Array(integers.read(index)),
          scales: new Float32Array(factors.read(index)),
          minima: added ? new Float32Array(added.read(index)) : null,
        },
        matrix,
      ),
    close: () => {
      for (const tensor of [integers, factors, added]) tensor?.close()
    },
  }
}

/** Reads slices along the first axis of an external tensor. */
function openTensor({ shape, source }: Value, folder: string) {
  if (source.kind !== 'external') throw new TypeError(`expected a weight in a file, got ${source.kind}`)
  const { file, offset, byteLength } = source.location
  const descriptor = openSync(join(folder, file), 'r')
  const size = byteLength / (shape[0] as number)
  const bytes = new Uint8Array(size)
  return {
    read: (index: number): ArrayBuffer => {
      const read = readSync(descriptor, bytes, 0, size, offset + index * size)
      if (read < size) throw new RangeError(`${file} ends before row ${index}`)
      return bytes.buffer
    },
    close: () => closeSync(descriptor),
  }
}
