import { mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { CancelledError, describeSystemError } from '../base/errors.ts'
import { writeSafetensors, type TensorData } from '../formats/safetensors.ts'
import type { BaseModel } from './base-model.ts'

/** For making weights from a base model's. */
export interface DerivedWeightsOptions {
  /** Identifies the base model. */
  readonly sha256: string
  /** Weights done and in all. */
  readonly onProgress?: (done: number, total: number) => void
  readonly signal?: AbortSignal
}

/** Called after each piece of a weight, with the number of its values; throws CancelledError. */
export type ReportValues = (values: number) => Promise<void>

/** Numbers of a weight of a model. */
export const valuesOf = ({ checkpoint }: Pick<BaseModel, 'checkpoint'>, name: string): number =>
  checkpoint.weights.get(name)!.shape.reduce((product, dimension) => product * dimension, 1)

/**
 * Writes weights that are made of a base model's to a safetensors file, one after another.
 *
 * @param metadata of the file, in addition to the base model's hash
 * @param total values of all of them
 * @param tensorsOf the weights; their data is asked for when its turn comes
 * @throws SpellmError for errors of the operating system; CancelledError, and no file is left
 */
export async function writeDerivedWeights(
  file: string,
  metadata: Readonly<Record<string, string>>,
  total: number,
  tensorsOf: (report: ReportValues) => Readonly<Record<string, TensorData>>,
  { sha256, onProgress, signal }: DerivedWeightsOptions,
): Promise<void> {
  let done = 0
  const report = async (values: number) => {
    if (signal?.aborted) throw new CancelledError()
    onProgress?.((done += values), total)
    await setImmediate()
  }
  try {
    await mkdir(dirname(file), { recursive: true })
  } catch (error) {
    throw describeSystemError(error, dirname(file))
  }
  await writeSafetensors(file, tensorsOf(report), { ...metadata, base: sha256 })
}
