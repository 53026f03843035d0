import { openBaseModel, openModelTokenizer } from '../../models/base-model.ts'
import { hashBaseModel } from '../../models/base-model-hash.ts'
import { modelFolder, sampleModelName } from '../../models/model-folder.ts'
import { tailParameterShapes } from '../../models/tail.ts'
import type { Precision } from '../../models/precision.ts'
import { seededRandom } from '../../base/random.ts'
import { alphabetSize, parseAlphabet, withTokenSymbols } from '../../spelling/alphabet.ts'
import { groupAlphabet } from '../../spelling/groups.ts'
import { buildSpeller } from '../../spelling/speller.ts'
import type { RecordedDoubts, SpellmDoubts } from '../../spellm/doubts.ts'
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
 * Writes a SpeLLM of a model with token symbols, whose tail has learnt nothing: its picks are the base model's where
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
    groups = null,
    base: path = sampleModelName,
    alphabet: characters = 'ascii',
    firstSymbol = 300,
    isSure = false,
    doubts = madeUpDoubts(),
  }: {
    readonly tokenSymbols?: number
    readonly contextSymbols?: number
    readonly precision?: Precision
    /** Learned groups, by id, of which a step reads some, each wanted `bias` more; default: none, tokens are spelled. */
    readonly groups?: { readonly count: number; readonly read: number; readonly bias: number } | null
    /** A model's path, or 'sample'. */
    readonly base?: string
    readonly alphabet?: string
    /** The lowest id of a token symbol. */
    readonly firstSymbol?: number
    readonly isSure?: boolean
    /** Default: those of greedy texts. */
    readonly doubts?: SpellmDoubts
  } = {},
): Promise<void> {
  const base = await openBaseModel(modelFolder(path))
  const { entries } = await openModelTokenizer(base)
  const symbols = Array.from({ length: tokenSymbols }, (_, i) => firstSymbol + i)
  const spelled = withTokenSymbols(parseAlphabet(characters, entries), symbols)
  const speller = groups
    ? buildSpeller(entries, byId(entries.length, groups, spelled.tokenSymbols!), 1)
    : buildSpeller(entries, spelled, 6)
  const { hiddenSize } = base.architecture
  const random = seededRandom(1)
  const weights = new Map(
    [...tailParameterShapes(tailShape(hiddenSize, [32], speller))].map(([name, [rows, columns]]) => [
      name,
      Float32Array.from({ length: rows * columns }, () => random.normal() * 0.1),
    ]),
  )
  if (groups)
    weights.set(
      'heads.bias',
      weights.get('heads.bias')!.map((own) => own + groups.bias),
    )
  const reference = { path, sha256: await hashBaseModel(base) }
  if (isSure) weights.get('heads.bias')!.fill(-40, 0, alphabetSize(speller.alphabet))
  await saveSpellm(folder, reference, {
    speller,
    adapterWidths: [32],
    weights,
    gates: [],
    precision,
    mode: 'lossless',
    contextSymbols,
    anchor: 0.5,
    doubts,
    hiddenSize,
  })
}

const byId = (
  tokens: number,
  { count, read }: { readonly count: number; readonly read: number },
  tokenSymbols: readonly number[],
) =>
  groupAlphabet(
    Array.from({ length: tokens }, (_, token) => token % count),
    tokenSymbols,
    read,
  )
