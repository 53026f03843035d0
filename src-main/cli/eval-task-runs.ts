import type { GenerationMode, TextGenerator } from '../decode/text-generator.ts'
import type { TaskEvaluation } from '../evaluate/evaluation.ts'
import { createSymbolReader } from '../evaluate/symbol-text.ts'
import { choiceResults, scoreChoiceTasks } from '../evaluate/tasks/choice-tasks.ts'
import { exactResults, writeExactTasks, type WrittenExactTask } from '../evaluate/tasks/exact-tasks.ts'
import type { NamedResults } from '../evaluate/tasks/named-results.ts'
import { createSequenceScorer } from '../evaluate/tasks/sequence-scorer.ts'
import { createSymbolScorer } from '../evaluate/tasks/symbol-scorer.ts'
import type { TaskFile } from '../evaluate/tasks/task-file.ts'
import { openHeadRows } from '../models/head-rows.ts'
import type { DecodeMode } from '../spellm/decode-modes.ts'
import type { Spellm } from '../spellm/spellm.ts'
import { scoreNamedTasks, type ChoiceScoring, type FetchedTask } from './eval-tasks.ts'
import { progressBar } from './output.ts'

/** The tasks that were asked for. */
export interface ReadTasks {
  readonly files: readonly TaskFile[]
  readonly named: readonly FetchedTask[]
}

/** How tasks are done. */
export interface TaskSettings {
  readonly modes: readonly DecodeMode[]
  readonly candidates: number
  readonly gateShare: number
  readonly signal: AbortSignal
}

/**
 * Does all tasks, with a bar of progress.
 *
 * @throws SpellmError and CancelledError as the tasks do
 */
export async function runTasks(
  generator: TextGenerator,
  spellm: Spellm,
  { files, named }: ReadTasks,
  { modes, candidates, gateShare, signal }: TaskSettings,
): Promise<{ readonly tasks: readonly TaskEvaluation[]; readonly namedTasks: readonly NamedResults[] }> {
  const bar = progressBar('Tasks', 'tasks')
  const total =
    files.reduce((sum, { choice, exact }) => sum + choice.length + exact.length, 0) +
    named.reduce((sum, { questions }) => sum + questions.length, 0)
  let done = 0
  const onProgress = () => bar.update(++done, total)
  const writers: readonly GenerationMode[] = ['base', ...modes]
  const written = new Map<string, WrittenExactTask[]>()
  for (const { path, exact } of files)
    written.set(
      path,
      await writeExactTasks(generator, writers, path, exact, { candidates, gateShare, onProgress, signal }),
    )
  const needsScores = named.length > 0 || files.some(({ choice }) => choice.length > 0)
  const scoring = needsScores ? await openScoring(generator, spellm) : null
  try {
    const tasks = await withChoices(scoring, files, { onProgress, signal }, (file) => {
      const ofFile = written.get(file)!
      return ofFile.length === 0 ? null : { results: exactResults(ofFile, writers), written: ofFile }
    })
    const namedTasks = scoring ? await scoreNamedTasks(scoring, named, { onProgress, signal }) : []
    return { tasks, namedTasks }
  } finally {
    await scoring?.release()
    bar.end()
  }
}

/** What says how likely texts are, until it is released. */
async function openScoring(
  generator: TextGenerator,
  spellm: Spellm,
): Promise<ChoiceScoring & { release(): Promise<void> }> {
  const { trunk, head, tail } = await generator.sessions()
  const { base, tokenizer, forEachText, device } = generator
  const model = { tokenizer, architecture: base.architecture, forEachText }
  if (tail) return { scorer: createSequenceScorer(trunk, head, tail), model, release: async () => {} }
  const rows = openHeadRows(base)
  const reader = await createSymbolReader(spellm, rows, device)
  const release = async () => {
    await reader.release()
    rows.close()
  }
  return { scorer: createSymbolScorer(trunk, head, reader), model, release }
}

/**
 * Scores the multiple-choice tasks of some files, and puts them next to the other tasks.
 *
 * @param scoring null: there are none
 */
async function withChoices(
  scoring: ChoiceScoring | null,
  files: readonly TaskFile[],
  options: Parameters<typeof scoreChoiceTasks>[4],
  exactOf: (file: string) => TaskEvaluation['exact'],
): Promise<TaskEvaluation[]> {
  if (!scoring) return files.map(({ path }) => ({ file: path, choice: null, exact: exactOf(path) }))
  const { scorer, model } = scoring
  const evaluations: TaskEvaluation[] = []
  for (const { path, choice } of files) {
    const scored = await scoreChoiceTasks(scorer, model, path, choice, options)
    evaluations.push({
      file: path,
      choice: scored.length === 0 ? null : { results: choiceResults(scored), scored },
      exact: exactOf(path),
    })
  }
  return evaluations
}
