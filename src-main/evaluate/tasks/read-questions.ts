import { basename } from 'node:path'
import { SpellmError } from '../../base/errors.ts'
import { readParquet } from '../../formats/parquet.ts'
import { seededRandom, shuffledIndices } from '../../base/random.ts'
import type { NamedTask, Question } from './named-task.ts'

/** The largest file of the tasks that are known has 6 MB. */
export const maxTaskFileBytes = 64 << 20
const maxRows = 100_000
/** So that a limited task asks the same questions each time. */
const sampleSeed = 1

/** A task's questions. */
export interface TaskQuestions {
  /** The questions in the order of the file. */
  readonly questions: readonly Question[]
  /** Questions in the file. */
  readonly available: number
}

/**
 * Reads and checks a task's questions.
 *
 * @param file Parquet, with the task's columns
 * @param options.limit the most questions; of more, a fair sample is taken, the same each time. Rows that aren't taken aren't
 *   checked
 * @throws SpellmError 'text-invalid' for a row that the task doesn't expect, or a file without any; as `readParquet`; CancelledError
 */
export async function readQuestions(
  task: NamedTask,
  file: string,
  {
    limit = Infinity,
    signal,
  }: { readonly limit?: number | undefined; readonly signal?: AbortSignal | undefined } = {},
): Promise<TaskQuestions> {
  const rows = await readParquet(file, task.columns, { maxBytes: maxTaskFileBytes, maxRows, signal })
  if (rows.length === 0)
    throw new SpellmError('text-invalid', `${file} has no rows.`, 'Name another revision of the data set.')
  const order = shuffledIndices(rows.length, seededRandom(sampleSeed))
  const taken = order.subarray(0, Math.min(limit, rows.length)).sort()
  const questions = Array.from(taken, (row) =>
    task.question(rows[row], row, `${task.name}: ${basename(file)}, row ${row}`),
  )
  return { questions, available: rows.length }
}
