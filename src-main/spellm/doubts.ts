import { SpellmError } from '../base/errors.ts'
import {
  openSafetensors,
  readTensorBytes,
  writeSafetensors,
  type TensorData,
} from '../formats/safetensors.ts'

/**
 * How sure a SpeLLM was along texts of its base model, and whether it was right: what a threshold, and the steps between
 * two verifications, are chosen from on each machine.
 */
export interface RecordedDoubts {
  /** Positions of each text, in order. */
  readonly lengths: Int32Array
  /**
   * At each position, one text after another: `FirstChoice.doubt`, greedily the log-odds that the base picks something without an
   * exact score.
   */
  readonly doubts: Float32Array
  /** 1 where the pick among the exact scores is the base's. */
  readonly isRight: Uint8Array
  /** Rows of the LM head that each position read of learned groups; absent: there are no groups. */
  readonly rowsRead?: Int32Array
}

/** What is recorded of a SpeLLM: along greedy answers of its base model, which nothing was learnt from. */
export interface SpellmDoubts extends RecordedDoubts {
  /**
   * If tokens were drawn as `usualDraw` says, along some of the texts that the base model drew to be learnt from, at temperature 1.
   * Absent: it drew none, or an earlier version recorded them.
   */
  readonly drawn?: RecordedDoubts
}

/** What users of chat models usually draw with, and what the doubts of draws are recorded for. */
export const usualDraw = { temperature: 0.7, topP: 0.9, seed: 0 } as const

/** Tensors of draws begin so. */
const drawnPrefix = 'drawn.'

/** Writes them in one piece. Throws SpellmError for errors of the operating system. */
export async function writeDoubts(path: string, { drawn, ...greedy }: SpellmDoubts): Promise<void> {
  await writeSafetensors(path, {
    ...tensorsOf(greedy, ''),
    ...(drawn ? tensorsOf(drawn, drawnPrefix) : {}),
  })
}

function tensorsOf(
  { lengths, doubts, isRight, rowsRead }: RecordedDoubts,
  prefix: string,
): Record<string, TensorData> {
  return {
    [`${prefix}lengths`]: { dtype: 'I32', shape: [lengths.length], data: lengths },
    [`${prefix}doubts`]: { dtype: 'F32', shape: [doubts.length], data: doubts },
    [`${prefix}isRight`]: { dtype: 'U8', shape: [isRight.length], data: isRight },
    ...(rowsRead
      ? { [`${prefix}rowsRead`]: { dtype: 'I32', shape: [rowsRead.length], data: rowsRead } }
      : {}),
  }
}

/** Throws SpellmError 'file-not-found' | 'file-invalid'. */
export async function readDoubts(path: string): Promise<SpellmDoubts> {
  const { tensors } = await openSafetensors(path)
  const bytes = async (name: string, dtype: string) => {
    const entry = tensors.get(name)
    if (entry?.dtype !== dtype || entry.shape.length !== 1) throw damaged(path)
    return (await readTensorBytes(entry)).buffer
  }
  const along = async (prefix: string): Promise<RecordedDoubts> => {
    const lengths = new Int32Array(await bytes(`${prefix}lengths`, 'I32'))
    const doubts = new Float32Array(await bytes(`${prefix}doubts`, 'F32'))
    const isRight = new Uint8Array(await bytes(`${prefix}isRight`, 'U8'))
    const rowsRead = tensors.has(`${prefix}rowsRead`)
      ? new Int32Array(await bytes(`${prefix}rowsRead`, 'I32'))
      : null
    const total = lengths.reduce((sum, length) => (length < 0 ? NaN : sum + length), 0)
    if (total !== doubts.length || total !== isRight.length || doubts.some(Number.isNaN)) throw damaged(path)
    if (rowsRead && (rowsRead.length !== total || rowsRead.some((rows) => rows < 0))) throw damaged(path)
    return { lengths, doubts, isRight, ...(rowsRead ? { rowsRead } : {}) }
  }
  const drawn = tensors.has(`${drawnPrefix}doubts`) ? await along(drawnPrefix) : null
  return { ...(await along('')), ...(drawn ? { drawn } : {}) }
}

function damaged(path: string): SpellmError {
  return new SpellmError(
    'file-invalid',
    `${path} is damaged or from another SpeLLM.`,
    'Convert the model again, or decode in another mode than lossless.',
  )
}
