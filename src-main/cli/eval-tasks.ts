import { existsSync } from 'node:fs'
import { SpellmError } from '../base/errors.ts'
import type { NamedTask } from '../evaluate/tasks/named-task.ts'
import { findNamedTask, namedTasks } from '../evaluate/tasks/named-tasks.ts'
import { namedResults, scoreQuestions, type NamedResults } from '../evaluate/tasks/named-results.ts'
import { maxTaskFileBytes, readQuestions, type TaskQuestions } from '../evaluate/tasks/read-questions.ts'
import type { ScoredModel } from '../evaluate/tasks/score-options.ts'
import type { SequenceScorer } from '../evaluate/tasks/sequence-scorer.ts'
import { downloadDatasetFile, readHubSettings, withRevision } from '../hub/index.ts'
import { downloadView } from './download-view.ts'

/** The tasks that can be asked for by name. */
export const taskNames: readonly string[] = namedTasks.map(({ name }) => name)

/** What `--tasks` asks for. */
export interface AskedTasks {
  /** Tasks by name, with the revisions that were asked for. */
  readonly named: readonly NamedTask[]
  readonly files: readonly string[]
}

/** A task whose questions are here. */
export interface FetchedTask extends TaskQuestions {
  /** Its data's revision is the commit that was read. */
  readonly task: NamedTask
}

/** What says how likely texts are. */
export interface ChoiceScoring {
  readonly scorer: SequenceScorer
  readonly model: ScoredModel
}

/**
 * Sorts what was given for `--tasks`: names of tasks, several with commas between, each with `@revision` if need be;
 * anything else is a file.
 *
 * @throws SpellmError 'setting-invalid' for what is neither
 */
export function parseTasks(given: readonly string[]): AskedTasks {
  const named: NamedTask[] = []
  const files: string[] = []
  for (const word of given.flatMap(splitNames)) {
    const task = taskOf(word)
    if (task) named.push(task)
    // A path that leads nowhere is reported as such; a bare word is more likely a name with a typing mistake.
    else if (existsSync(word) || /[./\\]/.test(word)) files.push(word)
    else
      throw new SpellmError(
        'setting-invalid',
        `'${word.slice(0, 100)}' is neither a task's name nor a file.`,
        `Tasks by name: ${taskNames.join(', ')}.`,
      )
  }
  return { named, files }
}

/** A file's own name may have commas, too. */
function splitNames(word: string): string[] {
  const parts = word.split(',').map((part) => part.trim())
  return !existsSync(word) && parts.some((part) => taskOf(part))
    ? parts.filter((part) => part !== '')
    : [word]
}

function taskOf(word: string): NamedTask | undefined {
  const [name = '', ...revision] = word.split('@')
  const task = findNamedTask(name)
  if (!task || revision.length === 0) return task
  const { id } = task.data
  const data = { ...task.data, ...withRevision({ id, revision: '' }, revision.join('@')) }
  return { ...task, data }
}

/**
 * Fetches the tasks' data sets from the Hub, one after another, unless they are in its cache, and reads the questions.
 *
 * @throws SpellmError as `downloadDatasetFile` and `readQuestions`; CancelledError
 */
export async function fetchNamedTasks(
  tasks: readonly NamedTask[],
  { limit, signal }: { readonly limit: number | undefined; readonly signal: AbortSignal },
): Promise<FetchedTask[]> {
  if (tasks.length === 0) return []
  const settings = await readHubSettings()
  const fetched: FetchedTask[] = []
  for (const task of tasks) {
    const view = downloadView()
    try {
      const options = { settings, maxBytes: maxTaskFileBytes, onEvent: view.onEvent, signal }
      const { commit, file } = await downloadDatasetFile(task.data, options)
      const own: NamedTask = { ...task, data: { ...task.data, revision: commit } }
      fetched.push({ task: own, ...(await readQuestions(own, file, { limit, signal })) })
    } finally {
      view.end()
    }
  }
  return fetched
}

/**
 * Scores the tasks, one after another.
 *
 * @param options.onProgress is called for each question
 * @throws SpellmError and CancelledError as `scoreQuestions`
 */
export async function scoreNamedTasks(
  { scorer, model }: ChoiceScoring,
  tasks: readonly FetchedTask[],
  options: { readonly onProgress: () => void; readonly signal: AbortSignal },
): Promise<NamedResults[]> {
  const results: NamedResults[] = []
  for (const { task, questions, available } of tasks) {
    const scored = await scoreQuestions(scorer, model, task.name, questions, options)
    results.push(namedResults(task, scored, available))
  }
  return results
}
