import type { BaseModel } from '../models/base-model.ts'
import { bytesPerWeight } from '../models/quantize.ts'
import { tailParameterCount } from '../models/tail.ts'
import type { Device } from '../runtime/devices/device.ts'
import { alphabetSize } from '../spelling/alphabet.ts'
import type { Spellm } from '../spellm/spellm.ts'
import { tailBits, tailShape } from '../spellm/tail-session.ts'

/** What a token of a SpeLLM reads beyond the trunk, in shares of the bytes of the base model's whole LM head. */
export interface ModeBytes {
  /** Adapter, first head, and the rows of token symbols. */
  readonly first: number
  /** The other heads. */
  readonly spelling: number
  /** A row of the LM head. */
  readonly row: number
}

/** Bytes of a row of the LM head, as it is computed with: what is in half precision is widened. */
export function headRowBytes({ architecture, weights }: BaseModel): number {
  const matrix = weights.matrix(architecture.head.weight.name)
  if (!('bits' in matrix)) return 4 * architecture.hiddenSize
  return architecture.hiddenSize * (matrix.bits / 8 + (matrix.minima ? 8 : 4) / matrix.blockSize)
}

/** @see ModeBytes */
export function modeBytes(
  {
    base,
    precision,
    speller,
    adapterWidths,
  }: Pick<Spellm, 'base' | 'precision' | 'speller' | 'adapterWidths'>,
  device: Device,
): ModeBytes {
  const { hiddenSize, vocabularySize } = base.architecture
  const rowBytes = headRowBytes(base)
  const headBytes = vocabularySize * rowBytes
  const perWeight = bytesPerWeight(tailBits(precision, device).bits ?? null, hiddenSize)
  const learnt = tailParameterCount(tailShape(hiddenSize, adapterWidths, speller)) * perWeight
  const { k, alphabet } = speller
  const spelling = (k - 1) * alphabetSize(alphabet) * hiddenSize * perWeight
  const symbolRows = alphabet.tokenSymbols?.length ?? 0
  return {
    first: (learnt - spelling + symbolRows * rowBytes) / headBytes,
    spelling: spelling / headBytes,
    row: rowBytes / headBytes,
  }
}
