import { decoderSize } from '../../decode/decoder-size.ts'
import { tailBits, tailShape } from '../../decode/tail-session.ts'
import { bitsOf } from '../../models/precision.ts'
import { blockSize, type Bits } from '../../models/quantize.ts'
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

/** On the processor, floats of every size are computed with as float32; each quantised block has a float32 scale. */
const bytesOf = (bits: Bits | null) => (bits === null ? 4 : bits / 8 + 4 / blockSize)

/** What the parts of a model weigh in memory. */
export function weightBytes({ base, precision, speller, adapterWidths }: BenchmarkModel): WeightBytes {
  const { hiddenSize, vocabularySize } = base.architecture
  const headRow = hiddenSize * bytesOf(bitsOf[precision])
  return {
    trunk: decoderSize(base.architecture).blockWeights * bytesOf(bitsOf[precision]),
    head: vocabularySize * headRow,
    headRow,
    tail:
      tailParameterCount(tailShape(hiddenSize, adapterWidths, speller)) *
      bytesOf(tailBits(precision, 'cpu').bits ?? null),
  }
}
