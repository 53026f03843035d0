import { setImmediate } from 'node:timers/promises'
import type { ForEachText } from '../../decode/side-by-side.ts'
import { CancelledError, SpellmError } from '../../errors.ts'
import type { Tokenizer } from '../../formats/tokenizer.ts'
import type { Architecture } from '../../models/architecture.ts'
import { clusteredShare, type Share } from '../clustered-share.ts'
import { encodePair, fitPair } from './encode-pair.ts'
import type { SequenceScorer } from './sequence-scorer.ts'
import type { ChoiceTask } from './task-file.ts'

/** Shares of tasks whose right choice is picked. */
export interface ChoiceAccuracy {
  /** The choice with the highest log-likelihood is picked. */
  readonly acc: Share
  /** The log-likelihoods are divided by the choices' lengths in characters first, as the harness does. */
  readonly accNorm: Share
  /** The same with lengths in bytes of UTF-8. */
  readonly accBytes: Share
}

/** Multiple-choice tasks by base model and SpeLLM. */
export interface ChoiceResults {
  readonly tasks: number
  readonly base: ChoiceAccuracy
  readonly spellm: ChoiceAccuracy
  /** Share of tasks where both pick the same choice, by log-likelihood. */
  readonly samePick: Share
  /** Choices that hold a token which the SpeLLM never says: their log-likelihood is −∞. */
  readonly unsaidChoices: number
}

/** One task's log-likelihoods. */
export interface ScoredChoiceTask {
  readonly task: ChoiceTask
  /** [choices] */
  readonly base: readonly number[]
  readonly spellm: readonly number[]
}

/**
 * Scores multiple-choice tasks by log-likelihood, as EleutherAI's lm-evaluation-harness does: delimiter and choice
 * follow the context (`encodePair`), the first of the highest is picked.
 *
 * @param path the file of the tasks, for messages
 * @throws SpellmError 'text-invalid' for a choice that the model's context can't hold; CancelledError when the signal
 *   fires
 */
export async function scoreChoiceTasks(
  scorer: SequenceScorer,
  {
    tokenizer,
    architecture,
    forEachText,
  }: {
    readonly tokenizer: Pick<Tokenizer, 'encode' | 'frame'>
    readonly architecture: Pick<Architecture, 'beginToken' | 'endTokens' | 'contextLength'>
    /** Of the scorer's trunk. */
    readonly forEachText: ForEachText
  },
  path: string,
  tasks: readonly ChoiceTask[],
  {
    onProgress,
    signal,
  }: { readonly onProgress?: (done: number) => void; readonly signal?: AbortSignal | undefined } = {},
): Promise<ScoredChoiceTask[]> {
  let done = 0
  return forEachText(tasks, async (task, conversation) => {
    const base: number[] = []
    const spellm: number[] = []
    for (const [index, choice] of task.choices.entries()) {
      if (signal?.aborted) throw new CancelledError()
      const encoded = encodePair(tokenizer, architecture, task.context, task.delimiter + choice)
      const pair =
        encoded.context.length > 0 && encoded.continuation.length > 0
          ? fitPair(encoded, architecture.contextLength)
          : null
      if (!pair)
        throw new SpellmError(
          'text-invalid',
          `${path}, line ${task.line}: choice ${index} has ${encoded.continuation.length} tokens after ${encoded.context.length} of context; 1 to ${architecture.contextLength} after at least 1 can be scored.`,
          'Shorten the choice, or give the task a context.',
        )
      const likelihoods = await scorer.score(pair, conversation)
      base.push(likelihoods.base.logLikelihood)
      spellm.push(likelihoods.spellm.logLikelihood)
      await setImmediate()
    }
    onProgress?.(++done)
    return { task, base, spellm }
  })
}

/** The shares of right choices. */
export function choiceResults(scored: readonly ScoredChoiceTask[]): ChoiceResults {
  const share = (isHit: (task: ScoredChoiceTask) => boolean) =>
    clusteredShare(scored.map((task) => ({ sum: isHit(task) ? 1 : 0, count: 1 })))
  const accuracy = (model: 'base' | 'spellm'): ChoiceAccuracy => {
    const by = (length: (choice: string) => number) =>
      share((scoredTask) => pickOf(scoredTask, model, length) === scoredTask.task.answer)
    return {
      acc: by(() => 1),
      accNorm: by((choice) => Array.from(choice).length),
      accBytes: by((choice) => Buffer.byteLength(choice)),
    }
  }
  return {
    tasks: scored.length,
    base: accuracy('base'),
    spellm: accuracy('spellm'),
    samePick: share((task) => pickOf(task, 'base') === pickOf(task, 'spellm')),
    unsaidChoices: scored.flatMap(({ spellm }) => spellm).filter((value) => value === -Infinity).length,
  }
}

/** The choice that a model picks: the first with the highest log-likelihood over length. */
export function pickOf(
  scored: ScoredChoiceTask,
  model: 'base' | 'spellm',
  length: (choice: string) => number = () => 1,
): number {
  const scores = scored[model].map((value, i) => value / length(scored.task.choices[i]!))
  return scores.reduce((best, score, i) => (score > scores[best]! ? i : best), 0)
}
