import { SpellmError } from '../errors.ts'
import { openSafetensors, readTensorBytes, writeSafetensors } from '../formats/safetensors.ts'

/**
 * How sure a SpeLLM was along texts of its base model, and whether it was right: what a threshold, and the steps between
 * two verifications, are chosen from on each machine (DESIGN.md section 5).
 */
export interface RecordedDoubts {
  /** Positions of each text, in order. */
  readonly lengths: Int32Array
  /** At each position, one text after another: log-odds that the base chooses something without an exact score. */
  readonly doubts: Float32Array
  /** 1 where the best of the exact scores is the base's choice. */
  readonly isRight: Uint8Array
  /** Rows of the LM head that each position read of learned groups; absent: there are no groups. */
  readonly rowsRead?: Int32Array
  /** Of draws; absent: the base model wrote no text of its own, or an earlier version recorded them. */
  readonly drawn?: DrawnDoubts
}

/**
 * How sure a SpeLLM was along texts that its base model drew, if it drew a token there: 1 − exp(−exp(doubt)) is the probability
 * that the base model draws another with the same luck.
 */
export interface DrawnDoubts {
  /** Positions of each text, in order. */
  readonly lengths: Int32Array
  /** At each position, of a token drawn from its exact scores as `usualDraw` says. */
  readonly doubts: Float32Array
}

/** What users of chat models usually draw with, and what the doubts of draws are recorded for. */
export const usualDraw = { temperature: 0.7, topP: 0.9, seed: 0 } as const

/** Writes them in one piece. Throws SpellmError for errors of the operating system. */
export async function writeDoubts(
  path: string,
  { lengths, doubts, isRight, rowsRead, drawn }: RecordedDoubts,
): Promise<void> {
  await writeSafetensors(path, {
    lengths: { dtype: 'I32', shape: [lengths.length], data: lengths },
    doubts: { dtype: 'F32', shape: [doubts.length], data: doubts },
    isRight: { dtype: 'U8', shape: [isRight.length], data: isRight },
    ...(rowsRead ? { rowsRead: { dtype: 'I32', shape: [rowsRead.length], data: rowsRead } } : {}),
    ...(drawn
      ? {
          drawnLengths: { dtype: 'I32' as const, shape: [drawn.lengths.length], data: drawn.lengths },
          drawnDoubts: { dtype: 'F32' as const, shape: [drawn.doubts.length], data: drawn.doubts },
        }
      : {}),
  })
}

/** Throws SpellmError 'file-not-found' | 'file-invalid'. */
export async function readDoubts(path: string): Promise<RecordedDoubts> {
  const { tensors } = await openSafetensors(path)
  const bytes = async (name: string, dtype: string) => {
    const entry = tensors.get(name)
    if (entry?.dtype !== dtype || entry.shape.length !== 1) throw damaged(path)
    return (await readTensorBytes(entry)).buffer
  }
  const lengths = new Int32Array(await bytes('lengths', 'I32'))
  const doubts = new Float32Array(await bytes('doubts', 'F32'))
  const isRight = new Uint8Array(await bytes('isRight', 'U8'))
  const rowsRead = tensors.has('rowsRead') ? new Int32Array(await bytes('rowsRead', 'I32')) : null
  const drawn = tensors.has('drawnDoubts')
    ? {
        lengths: new Int32Array(await bytes('drawnLengths', 'I32')),
        doubts: new Float32Array(await bytes('drawnDoubts', 'F32')),
      }
    : null
  const total = totalOf(lengths)
  if (total !== doubts.length || total !== isRight.length || doubts.some(Number.isNaN)) throw damaged(path)
  if (rowsRead && (rowsRead.length !== total || rowsRead.some((rows) => rows < 0))) throw damaged(path)
  if (drawn && (totalOf(drawn.lengths) !== drawn.doubts.length || drawn.doubts.some(Number.isNaN)))
    throw damaged(path)
  return {
    lengths,
    doubts,
    isRight,
    ...(rowsRead ? { rowsRead } : {}),
    ...(drawn ? { drawn } : {}),
  }
}

/** NaN where a length is negative. */
const totalOf = (lengths: Int32Array): number =>
  lengths.reduce((sum, length) => (length < 0 ? NaN : sum + length), 0)

function damaged(path: string): SpellmError {
  return new SpellmError(
    'file-invalid',
    `${path} is damaged or from another SpeLLM.`,
    'Convert the model again, or decode in another mode than lossless.',
  )
}
