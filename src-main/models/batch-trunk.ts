import type { KeyValueCache } from '../runtime/key-value-cache.ts'
import { createSession, floatData, type SessionOptions } from '../runtime/session.ts'
import type { BaseModel } from './base-model.ts'
import { cachedTrunk } from './cached-trunk.ts'

/** A trunk that reads several sequences in one pass, each at its own place, keeping their keys and values. */
export interface BatchTrunk {
  /** Empty caches of the sequences: they share their memory, so all of them are fed to each pass. */
  createCaches(): readonly KeyValueCache[]
  /**
   * Reads new tokens of some sequences after what their caches hold, and adds them. All passes take as long as if every
   * sequence had as many as the longest.
   *
   * @param tokens [sequences][n], n may differ and be 0, but not for all
   * @returns hidden states [sequences][n · d]
   */
  forward(tokens: readonly Int32Array[], caches: readonly KeyValueCache[]): Promise<Float32Array[]>
  release(): Promise<void>
}

/** States one after another, as head and tail read them: [rows][d] → [rows · d]. At least one. */
export function stackRows(states: readonly Float32Array[]): Float32Array {
  const d = states[0]!.length
  const rows = new Float32Array(states.length * d)
  states.forEach((state, row) => rows.set(state, row * d))
  return rows
}

/** Loads the trunk for `sequences` sequences. */
export async function createBatchTrunk(
  model: BaseModel,
  sequences: number,
  options: SessionOptions = {},
): Promise<BatchTrunk> {
  const cached = cachedTrunk(model, sequences, options.device)
  const session = await createSession(
    { hidden: cached.hidden, ...cached.present },
    { ...options, weightsFolder: model.weights.folder },
  )
  const d = model.architecture.hiddenSize
  return {
    createCaches: () => cached.createCaches(),
    forward: async (tokens, caches) => {
      const results = await cached.read(session, tokens, caches, ['hidden'])
      const states = floatData(results['hidden'])
      const count = states.length / d / sequences
      return tokens.map((own, sequence) =>
        states.subarray(sequence * count * d, (sequence * count + own.length) * d),
      )
    },
    release: async () => {
      await cached.release()
      await session.release()
    },
  }
}
