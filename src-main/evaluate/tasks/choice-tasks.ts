import { clusteredShare, type Share } from '../clustered-share.ts'
import { bestOption } from './best-option.ts'
import { scoreOptions, type ScoredModel, type ScoringOptions } from './score-options.ts'
import type { SequenceScorer } from './sequence-scorer.ts'
import type { ChoiceTask } from './task-file.ts'

/** Shares of tasks whose right choice is picked. */
interface ChoiceAccuracy {
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
 * @throws SpellmError and CancelledError as `scoreOptions`
 */
export async function scoreChoiceTasks(
  scorer: SequenceScorer,
  model: ScoredModel,
  path: string,
  tasks: readonly ChoiceTask[],
  options: ScoringOptions = {},
): Promise<ScoredChoiceTask[]> {
  const groups = tasks.map(({ context, delimiter, choices, line }) => ({
    place: `${path}, line ${line}`,
    options: choices.map((choice) => ({ context, continuation: delimiter + choice })),
  }))
  const scored = await scoreOptions(scorer, model, groups, options)
  return scored.map(({ base, spellm }, i) => ({
    task: tasks[i]!,
    base: base.map(({ logLikelihood }) => logLikelihood),
    spellm: spellm.map(({ logLikelihood }) => logLikelihood),
  }))
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
  return bestOption(scored[model], scored.task.choices.map(length))
}
