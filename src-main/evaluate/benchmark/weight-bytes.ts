import { decoderSize } from '../../decode/decoder-size.ts'
import { tailBits, tailShape } from '../../spellm/tail-session.ts'
import { bytesPerWeight } from '../../models/quantize.ts'
import { tailParameterCount } from '../../models/tail.ts'
import type { BenchmarkModel } from './benchmark-model.ts'

/** Bytes of weights that a step reads. */
export interface WeightBytes {
  /** Of the layers. */
  readonly trunk: number
  /** Of the LM head. */
  readonly head: number
  /** Of one token's row of the LM head. */
  readonly headRow: number
  /** Of adapter and character heads. */
  readonly tail: number
}

/** What the parts of a model weigh in memory. */
export function weightBytes({ base, precision, speller, adapterWidths }: BenchmarkModel): WeightBytes {
  const { hiddenSize, vocabularySize } = base.architecture
  const { blockWeights, weightBytes, headWeightBytes } = decoderSize(base.architecture, precision, 'cpu')
  const headRow = hiddenSize * headWeightBytes
  return {
    trunk: blockWeights * weightBytes,
    head: vocabularySize * headRow,
    headRow,
    tail:
      tailParameterCount(tailShape(hiddenSize, adapterWidths, speller)) *
      bytesPerWeight(tailBits(precision, 'cpu').bits ?? null, hiddenSize),
  }
}
