import type { HeadRows } from '../models/head-rows.ts'
import type { LastPosition } from '../models/trunk-session.ts'
import { alphabetSize, endSymbol } from '../spelling/alphabet.ts'
import { freeUnit } from './chooser.ts'
import { givenLogProbability } from './first-choice.ts'
import {
  baseCandidates,
  candidate,
  listedSymbols,
  listedTokens,
  type ChoiceDetail,
} from './inspect-choice.ts'
import { largestIndices } from './sampling.ts'
import { createSymbolSpelling, type SymbolParts } from './symbol-choosers.ts'

/**
 * Looks at one choice of a SpeLLM with token symbols: its candidates are all scored by their own rows of the LM head, less the
 * learnt log-normaliser.
 *
 * @param logits the base model's [V]
 * @param state with first scores and the scores of the later heads
 * @param parts.tokenize the ids of a text
 */
export async function inspectSymbolChoice(
  logits: Float32Array,
  state: LastPosition,
  {
    first,
    context,
    picker,
    rows,
    tokenize,
  }: SymbolParts & {
    readonly rows: Pick<HeadRows, 'logits'>
    readonly tokenize: (text: string) => number[]
  },
): Promise<ChoiceDetail> {
  const { speller } = first
  const size = alphabetSize(speller.alphabet)
  const isSpelled = speller.alphabet.unit !== 'group'
  const step = await first.look(state, context)
  const { scores } = step
  const { doubt } = first.choose(scores, step.exact, picker, 0)
  // What groups hold, also those that were read.
  const { shares, best } = first.rest(scores, context)
  const learnt = Float32Array.from(shares, (share) => Math.log(share) + best)
  const units = isSpelled ? createSymbolSpelling(first).best(state, step, listedTokens).units : []
  const spelled = units.map(([token]) => token!)
  const exact = first.exact(scores, step.exact)
  const tokens = [...exact.tokens, ...spelled]
  const all = Float32Array.from([...exact.logits, ...rows.logits(state.hidden, spelled)])
  const normaliser = first.logNormaliser(scores, step.exact)
  const rest = state.spelled ?? new Float32Array(0)
  const heads = Array.from({ length: speller.k }, (_, head) => {
    if (head === 0)
      return largestIndices(learnt, listedSymbols).map((symbol) =>
        candidate(symbol, learnt[symbol]! - normaliser),
      )
    const own = rest.subarray((head - 1) * size, head * size)
    return largestIndices(own, listedSymbols).map((symbol) => candidate(symbol, own[symbol]!))
  })
  const symbols = isSpelled ? heads.map(([likeliest]) => likeliest!.index) : []
  const end = symbols.indexOf(endSymbol(speller.alphabet))
  const picked = largestIndices(all, listedTokens)
  return {
    base: baseCandidates(logits),
    spellm: {
      trie: picked.map((index) => candidate(tokens[index]!, givenLogProbability(all[index]!, normaliser))),
      free: {
        symbols: end < 0 ? symbols : symbols.slice(0, end),
        unit:
          (isSpelled ? freeUnit(speller, Int32Array.from(symbols), tokenize) : undefined) ??
          tokens[picked[0]!]!,
      },
      heads,
      doubt,
    },
  }
}
