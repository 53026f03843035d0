import { decoderSize } from '../decode/decoder-size.ts'
import { tailBits, tailShape } from '../spellm/tail-session.ts'
import { bytesPerWeight } from '../models/quantize.ts'
import { tailParameterCount } from '../models/tail.ts'
import type { BenchmarkModel } from './benchmark-model.ts'

/** Bytes of weights that a step reads. */
export interface WeightBytes {
  /** Bytes of the layers. */
  readonly trunk: number
  /** Bytes of the LM head. */
  readonly head: number
  /** Bytes of one token's row of the LM head. */
  readonly headRow: number
  /** Bytes of adapter and character heads, and of the token symbols' rows. */
  readonly tail: number
}

/** What the parts of a model weigh in memory. */
export function weightBytes({
  base,
  precision,
  speller,
  adapterWidths,
}: Pick<BenchmarkModel, 'base' | 'precision' | 'speller' | 'adapterWidths'>): WeightBytes {
  const { hiddenSize, vocabularySize } = base.architecture
  const { blockWeights, weightBytes, headWeightBytes } = decoderSize(base.architecture, precision, 'cpu')
  const headRow = hiddenSize * headWeightBytes
  const learnt =
    tailParameterCount(tailShape(hiddenSize, adapterWidths, speller)) *
    bytesPerWeight(tailBits(precision, 'cpu').bits ?? null, hiddenSize)
  return {
    trunk: blockWeights * weightBytes,
    head: vocabularySize * headRow,
    headRow,
    tail: learnt + (speller.alphabet.tokenSymbols?.length ?? 0) * headRow,
  }
}
