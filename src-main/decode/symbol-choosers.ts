import type { HeadRows } from '../models/head-rows.ts'
import type { LastPosition } from '../models/trunk-session.ts'
import { seededRandom } from '../base/random.ts'
import { alphabetSize } from '../spelling/alphabet.ts'
import { tokensOf } from '../spelling/speller.ts'
import { bestTokens, createTrieSearch } from '../spelling/trie-search.ts'
import { beforeBanned } from './allowed-units.ts'
import { countTokens, freeUnit, type BaseHead, type Chooser } from './chooser.ts'
import type { ContextSymbols } from './context-symbols.ts'
import type { FirstScores } from './first-choice.ts'
import type { FirstStep } from './first-step.ts'
import type { Asked } from './asked.ts'
import { requirePick, type Picker } from './picker.ts'
import { isGreedy, largestIndex, sampleIndex, type Sampling } from './sampling.ts'

/** What the modes of a SpeLLM with token symbols choose with, new for each text. */
export interface SymbolParts {
  readonly first: FirstScores
  readonly context: ContextSymbols
  readonly picker: Picker
}

/** What trie mode needs in addition. */
export interface SymbolTrieParts extends SymbolParts {
  readonly rows: Pick<HeadRows, 'logits'>
  /** Called for each step whose token was spelled. */
  readonly onSpelled?: (() => void) | undefined
}

/** Fills `all` with some numbers and others after them: spreading them takes as long as all else that a step does. */
function appended<Numbers extends Int32Array | Float32Array>(
  all: Numbers,
  numbers: ArrayLike<number>,
  others: ArrayLike<number>,
): Numbers {
  all.set(numbers)
  all.set(others, numbers.length)
  return all
}

const spelledOf = ({ spelled }: LastPosition) => spelled ?? new Float32Array(0)

/** Asks for first scores, and for those of the later heads if they are needed. */
export const askingFor = (outputHead: 'first' | 'spelled', context: ContextSymbols): Asked => ({
  outputHead,
  contextRows: (read, unread) => context.follow(read, unread),
})

/**
 * trie(n): the best of token symbols, context symbols and the n tokens that are spelled best, all by their own rows of the LM
 * head. With n = 0 a spelled token has the total log-probability of its spelling, and others their exact logit less the
 * learnt log-normaliser. Of words, first tokens are scored, and of those that begin with the same the heads' best is taken.
 * With learned groups nothing is spelled: the best exact score wins.
 *
 * @param candidates n
 */
export function symbolTrieChooser(
  { first, context, picker, rows, onSpelled }: SymbolTrieParts,
  candidates: number,
): Chooser {
  if (first.speller.alphabet.unit === 'group') return exactChooser({ first, context, picker })
  const spelling = createSymbolSpelling(first)
  const count = countTokens(picker)
  return {
    ...askingFor('spelled', context),
    choose: async (state, text) => {
      count(text)
      const step = await first.look(state, context)
      const exact = first.exact(step.scores, step.exact)
      const { units, scores } = spelling.best(state, step, Math.max(1, candidates) + picker.bans)
      const firstTokens = units.map(([token]) => token!)
      const own = candidates > 0 ? rows.logits(state.hidden, firstTokens) : scores
      const tokens = appended(
        new Int32Array(exact.tokens.length + firstTokens.length),
        exact.tokens,
        firstTokens,
      )
      const logits = appended(new Float32Array(tokens.length), exact.logits, own)
      const { index } = requirePick(picker, logits, tokens, text.length)
      const spelled = units[index - exact.tokens.length]
      if (spelled) onSpelled?.()
      return spelled ? beforeBanned(spelled, picker) : [tokens[index]!]
    },
  }
}

/** What has the best exact score, however much is in doubt. */
function exactChooser({ first, context, picker }: SymbolParts): Chooser {
  const count = countTokens(picker)
  return {
    ...askingFor('first', context),
    choose: async (state, text) => {
      count(text)
      const { scores, exact } = await first.look(state, context)
      const { logits, tokens } = first.exact(scores, exact)
      return [tokens[requirePick(picker, logits, tokens, text.length).index]!]
    },
  }
}

/** Finds what the heads of a SpeLLM with token symbols spell best. */
export interface SymbolSpelling {
  /**
   * The best spelled units that don't begin with a token of the context, at most `most`, best first, of those with the same
   * first token one.
   *
   * @returns their tokens, and of each the logit that its spelling's probability stands for
   */
  best(
    state: LastPosition,
    step: FirstStep,
    most: number,
  ): { readonly units: readonly (readonly number[])[]; readonly scores: Float32Array }
}

export function createSymbolSpelling(first: FirstScores): SymbolSpelling {
  const { speller } = first
  const search = createTrieSearch(speller)
  const size = alphabetSize(speller.alphabet)
  const logProbabilities = new Float32Array(speller.k * size)
  return {
    best: (state, { scores, exact: context }, most) => {
      const { shares, best } = first.rest(scores, context)
      let total = 0
      for (const logit of first.exact(scores, context).logits) total += Math.exp(logit - best)
      for (const share of shares) total += share
      const normaliser = Math.log(total)
      for (let symbol = 0; symbol < size; symbol++)
        logProbabilities[symbol] = Math.min(0, Math.log(shares[symbol]!) - normaliser)
      logProbabilities.set(spelledOf(state), size)
      const known = new Set(context.tokens.subarray(0, context.count))
      const found = new Map<number, { readonly unit: readonly number[]; readonly score: number }>()
      for (const { token, score } of bestTokens(search, logProbabilities, most)) {
        const unit = tokensOf(speller, token)
        if (!known.has(unit[0]!) && !found.has(unit[0]!)) found.set(unit[0]!, { unit, score })
      }
      const units = [...found.values()]
      return {
        units: units.map(({ unit }) => unit),
        scores: Float32Array.from(units, ({ score }) => score + normaliser + best),
      }
    },
  }
}

/**
 * Free mode: the first symbol that is likeliest, and if that isn't a whole token, what it and each other head's likeliest
 * character spell; where that isn't a token and begins no single one, the first token of its tokenization. Sampled:
 * each is drawn on its own. With learned groups as trie mode.
 *
 * @param tokenize the ids of a text
 */
export function symbolFreeChooser(
  { first, context, picker, onSpelled }: SymbolParts & Pick<SymbolTrieParts, 'onSpelled'>,
  tokenize: (text: string) => number[],
  sampling: Sampling | null,
): Chooser {
  const { speller } = first
  if (speller.alphabet.unit === 'group') return exactChooser({ first, context, picker })
  const size = alphabetSize(speller.alphabet)
  const random = seededRandom(sampling?.seed ?? 0)
  const count = countTokens(picker)
  const choice = (scores: Float32Array) =>
    sampling === null || isGreedy(sampling) ? largestIndex(scores) : sampleIndex(scores, sampling, random)
  return {
    ...askingFor('spelled', context),
    choose: async (state, text) => {
      count(text)
      const { scores, exact } = await first.look(state, context)
      const { shares, best } = first.rest(scores, exact)
      const { logits, tokens } = first.exact(scores, exact)
      const learnt = shares.map((share) => Math.log(share) + best)
      const all = new Float32Array(logits.length + learnt.length)
      const chosen = choice(appended(all, picker.apply(logits, tokens), learnt))
      if (chosen < tokens.length) return [tokens[chosen]!]
      const rest = spelledOf(state)
      const symbols = Int32Array.from({ length: speller.k }, (_, head) =>
        head === 0 ? chosen - tokens.length : choice(rest.subarray((head - 1) * size, head * size)),
      )
      const unit = freeUnit(speller, symbols, tokenize)
      const said = unit === undefined ? [] : beforeBanned(tokensOf(speller, unit), picker)
      // Nothing was spelled that may be written: what has an exact score is a token at least.
      if (said.length === 0) return [tokens[requirePick(picker, logits, tokens, text.length).index]!]
      onSpelled?.()
      return said
    },
  }
}

/**
 * gated(τ): the best exact score where the doubt is below τ; elsewhere the base model's head decides. Nothing is verified.
 *
 * @param threshold τ
 */
export function symbolGatedChooser(
  { first, context, picker }: SymbolParts,
  head: Pick<BaseHead, 'greedy' | 'logits'>,
  threshold: number,
): Chooser {
  const count = countTokens(picker)
  return {
    ...askingFor('first', context),
    choose: async (state, text) => {
      count(text)
      const { scores, exact } = await first.look(state, context)
      const { token, doubt } = first.choose(scores, exact, picker, text.length)
      if (doubt < threshold) return [token]
      if (picker.isPlain) return [await head.greedy(state.hidden)]
      return [(await picker.pickOfAll(await head.logits(state.hidden), text.length)).index]
    },
  }
}
