import { z } from 'zod'
import { SpellmError } from '../../base/errors.ts'
import { readTextFile } from '../../formats/json-file.ts'

const maxFileBytes = 64 << 20
const maxTasks = 20_000
const text = z.string().max(200_000)

const choiceSchema = z
  .strictObject({
    /** What comes before; may be empty. */
    context: text,
    choices: z.array(text.min(1)).min(2).max(64),
    /** The right choice, from 0. */
    answer: z.int().min(0),
    /** What stands between context and choice. */
    delimiter: z.string().max(16).default(' '),
  })
  .refine(({ answer, choices }) => answer < choices.length, {
    path: ['answer'],
    error: 'expected the number of a choice, from 0',
  })

const exactSchema = z.strictObject({
  /** What is continued. */
  context: text.min(1),
  /** What the continuation should be, apart from white space around it. */
  expected: text.min(1),
  /** The continuation ends before any of these texts. */
  stop: z.array(z.string().min(1).max(200)).max(16).default(['\n']),
  maxTokens: z.int().min(1).max(4096).default(64),
})

/** A question whose answer is one of several texts. */
export type ChoiceTask = z.infer<typeof choiceSchema> & { readonly line: number }
/** A question whose answer is written. */
export type ExactTask = z.infer<typeof exactSchema> & { readonly line: number }

/** The tasks of one file, each with the line that it stands in. */
export interface TaskFile {
  readonly path: string
  readonly choice: readonly ChoiceTask[]
  readonly exact: readonly ExactTask[]
}

/**
 * Reads tasks from JSONL: each line a multiple-choice task (it has `choices` and `answer`) or an exact-match task
 * (it has `expected`).
 *
 * @throws SpellmError 'text-invalid', naming file, line and field; as `readTextFile`
 */
export async function readTaskFile(path: string): Promise<TaskFile> {
  const choice: ChoiceTask[] = []
  const exact: ExactTask[] = []
  const lines = (await readTextFile(path, { maxBytes: maxFileBytes })).split('\n')
  for (const [index, content] of lines.entries()) {
    if (content.trim() === '') continue
    const line = index + 1
    const value = parseJson(content, path, line)
    if (typeof value === 'object' && value !== null && 'expected' in value)
      exact.push({ ...check(exactSchema, value, path, line), line })
    else choice.push({ ...check(choiceSchema, value, path, line), line })
    if (choice.length + exact.length > maxTasks)
      throw invalid(path, line, `there are more than ${maxTasks} tasks`)
  }
  if (choice.length + exact.length === 0) throw invalid(path, 1, 'there is no task')
  return { path, choice, exact }
}

function parseJson(content: string, path: string, line: number): unknown {
  try {
    return JSON.parse(content)
  } catch {
    throw invalid(path, line, 'this is not JSON')
  }
}

function check<T>(schema: z.ZodType<T>, value: unknown, path: string, line: number): T {
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]!
  throw invalid(
    path,
    line,
    `${issue.path.length > 0 ? `field '${issue.path.join('.')}': ` : ''}${issue.message}`,
  )
}

function invalid(path: string, line: number, problem: string): SpellmError {
  return new SpellmError(
    'text-invalid',
    `${path}, line ${line}: ${problem}.`,
    'docs/evaluation.md says what a line of a task file holds.',
  )
}
