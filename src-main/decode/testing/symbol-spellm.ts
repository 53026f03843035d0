import { openBaseModel, openModelTokenizer } from '../../models/base-model.ts'
import { hashBaseModel } from '../../models/base-model-hash.ts'
import { modelFolder, sampleModelName } from '../../models/model-folder.ts'
import { tailParameterShapes } from '../../models/tail.ts'
import type { Precision } from '../../models/precision.ts'
import { seededRandom } from '../../random.ts'
import { alphabetSize, parseAlphabet, withTokenSymbols } from '../../spelling/alphabet.ts'
import { buildSpeller } from '../../spelling/speller.ts'
import type { RecordedDoubts } from '../../spellm/doubts.ts'
import { saveSpellm } from '../../spellm/spellm.ts'
import { tailShape } from '../../spellm/tail-session.ts'

/** Doubts like those of a SpeLLM that is sure of most positions; nobody measured them. */
export function madeUpDoubts(): RecordedDoubts {
  const random = seededRandom(3)
  const doubts = Float32Array.from({ length: 1_000 }, () => 2 * random.normal())
  return {
    lengths: Int32Array.of(400, 600),
    doubts,
    isRight: Uint8Array.from(doubts, (doubt) => Number(random.chance(1 / (1 + Math.exp(doubt - 2))))),
  }
}

/**
 * Writes a SpeLLM of the sample model with token symbols, whose tail has learnt nothing: its picks are the base model's where
 * that is a token symbol or one of the context, and its doubts mean nothing.
 *
 * @param options.tokenSymbols how many, beside the special ones: the lowest ids after the bytes
 * @param options.isSure whether the tail believes that every token has an exact score, and so drafts on and on
 */
export async function writeSymbolSpellm(
  folder: string,
  {
    tokenSymbols = 300,
    contextSymbols = 64,
    precision = 'stored',
    isSure = false,
  }: {
    readonly tokenSymbols?: number
    readonly contextSymbols?: number
    readonly precision?: Precision
    readonly isSure?: boolean
  } = {},
): Promise<void> {
  const base = await openBaseModel(modelFolder(sampleModelName))
  const { entries } = await openModelTokenizer(base)
  const symbols = Array.from({ length: tokenSymbols }, (_, i) => 300 + i)
  const alphabet = withTokenSymbols(parseAlphabet('ascii', entries), symbols)
  const speller = buildSpeller(entries, alphabet, 6)
  const { hiddenSize } = base.architecture
  const random = seededRandom(1)
  const weights = new Map(
    [...tailParameterShapes(tailShape(hiddenSize, [32], speller))].map(([name, [rows, columns]]) => [
      name,
      Float32Array.from({ length: rows * columns }, () => random.normal() * 0.1),
    ]),
  )
  if (isSure) weights.get('heads.bias')!.fill(-40, 0, alphabetSize(alphabet))
  const reference = { path: sampleModelName, sha256: await hashBaseModel(base) }
  await saveSpellm(folder, reference, {
    speller,
    adapterWidths: [32],
    weights,
    gates: [],
    precision,
    mode: 'lossless',
    contextSymbols,
    doubts: madeUpDoubts(),
    hiddenSize,
  })
}
