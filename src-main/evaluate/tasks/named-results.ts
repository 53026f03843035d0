import { clusteredMean, clusteredShare, type Interval, type Share } from '../clustered-share.ts'
import { bestOption } from './best-option.ts'
import type { NamedTask, Question, TaskData } from './named-task.ts'
import {
  scoreOptions,
  type GroupLikelihoods,
  type ScoredModel,
  type ScoringOptions,
} from './score-options.ts'
import type { SequenceScorer } from './sequence-scorer.ts'

type Model = 'base' | 'spellm'

/** Shares of questions that are answered rightly; a metric that the task doesn't have is left out. */
export interface Accuracy {
  readonly acc: Share
  /** Log-likelihoods divided by characters first. */
  readonly accNorm?: Share
}

/** Perplexity of the last word: e to the mean negative log-likelihood of a question. */
interface WordPerplexity {
  readonly base: Interval
  /** null: infinite, since some words have a token that the SpeLLM never says. */
  readonly spellm: Interval | null
  /** On the questions whose word the SpeLLM can emit; null: there is none. */
  readonly said: {
    readonly questions: number
    readonly base: Interval
    readonly spellm: Interval
    /** The SpeLLM's over the base model's, with the paired interval. */
    readonly ratio: Interval
  } | null
}

/** How base model and SpeLLM do on a task that was asked for by name. */
export interface NamedResults {
  readonly name: string
  /** Whose revision is the commit that was read. */
  readonly data: TaskData
  readonly questions: number
  /** Questions in the data set's file. */
  readonly available: number
  readonly base: Accuracy
  readonly spellm: Accuracy
  /** SpeLLM minus base model, question by question: its interval is narrower than those of the two would say. */
  readonly difference: Accuracy
  /** Share of questions where both pick the same; of a last word, where both or neither write it. */
  readonly samePick: Share
  readonly perplexity: WordPerplexity | null
  /** Options with a token that the SpeLLM never says. */
  readonly unsaidOptions: number
}

/** A question with what was found. */
export interface ScoredQuestion extends GroupLikelihoods {
  readonly question: Question
}

/**
 * Scores a task's questions.
 *
 * @throws SpellmError and CancelledError as `scoreOptions`
 */
export async function scoreQuestions(
  scorer: SequenceScorer,
  model: ScoredModel,
  name: string,
  questions: readonly Question[],
  options: ScoringOptions = {},
): Promise<ScoredQuestion[]> {
  const groups = questions.map((question) => ({
    options: question.options,
    place: `${name}, row ${question.row}`,
  }))
  const scored = await scoreOptions(scorer, model, groups, options)
  return scored.map((likelihoods, i) => ({ question: questions[i]!, ...likelihoods }))
}

/**
 * The option that a model picks. Of a single one, 0 where greedy decoding writes it and −1 where it doesn't.
 *
 * @param metric 'accNorm' divides by characters
 */
export function pickedOption(
  { question, ...scored }: ScoredQuestion,
  model: Model,
  metric: keyof Accuracy = 'acc',
): number {
  const own = scored[model]
  if (own.length === 1) return own[0]!.isGreedy ? 0 : -1
  return bestOption(
    own.map(({ logLikelihood }) => logLikelihood),
    metric === 'accNorm' ? question.lengths : undefined,
  )
}

/** A task's figures. */
export function namedResults(
  { name, data, metrics }: Pick<NamedTask, 'name' | 'data' | 'metrics'>,
  scored: readonly ScoredQuestion[],
  available: number,
): NamedResults {
  const hit = (one: ScoredQuestion, model: Model, metric: keyof Accuracy): number =>
    pickedOption(one, model, metric) === one.question.answer ? 1 : 0
  const mean = (value: (one: ScoredQuestion) => number) =>
    clusteredMean(scored.map((one) => ({ sum: value(one), count: 1 })))
  const share = (value: (one: ScoredQuestion) => number) =>
    clusteredShare(scored.map((one) => ({ sum: value(one), count: 1 })))
  const accuracy = (of: (metric: keyof Accuracy) => Interval): Accuracy => ({
    acc: of('acc'),
    ...(metrics.includes('accNorm') ? { accNorm: of('accNorm') } : {}),
  })
  return {
    name,
    data,
    questions: scored.length,
    available,
    base: accuracy((metric) => share((one) => hit(one, 'base', metric))),
    spellm: accuracy((metric) => share((one) => hit(one, 'spellm', metric))),
    difference: accuracy((metric) => mean((one) => hit(one, 'spellm', metric) - hit(one, 'base', metric))),
    samePick: share((one) => (pickedOption(one, 'base') === pickedOption(one, 'spellm') ? 1 : 0)),
    perplexity: metrics.includes('perplexity') ? wordPerplexity(scored) : null,
    unsaidOptions: scored
      .flatMap(({ spellm }) => spellm)
      .filter(({ logLikelihood }) => logLikelihood === -Infinity).length,
  }
}

function wordPerplexity(scored: readonly ScoredQuestion[]): WordPerplexity {
  const words = scored.map(({ base, spellm }) => ({
    base: base[0]!.logLikelihood,
    spellm: spellm[0]!.logLikelihood,
  }))
  const said = words.filter(({ spellm }) => spellm !== -Infinity)
  const over = (some: typeof words, value: (word: (typeof words)[number]) => number): Interval => {
    const { value: middle, low, high } = clusteredMean(some.map((word) => ({ sum: -value(word), count: 1 })))
    return { value: Math.exp(middle), low: Math.exp(low), high: Math.exp(high) }
  }
  return {
    base: over(words, ({ base }) => base),
    spellm: said.length === words.length ? over(words, ({ spellm }) => spellm) : null,
    said:
      said.length === 0
        ? null
        : {
            questions: said.length,
            base: over(said, ({ base }) => base),
            spellm: over(said, ({ spellm }) => spellm),
            ratio: over(said, ({ base, spellm }) => spellm - base),
          },
  }
}
