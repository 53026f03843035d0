import { z } from 'zod'
import { SpellmError } from '../../base/errors.ts'
import { characters } from './python-text.ts'
import type { Option } from './score-options.ts'

/** How often the right choice is picked, as it is and by characters; e to the mean negative log-likelihood. */
type Metric = 'acc' | 'accNorm' | 'perplexity'

/** The place of a task's questions on the Hub. */
export interface TaskData {
  /** The data set's id, `owner/name`. */
  readonly id: string
  /** A commit: questions, and so figures, don't change unless another one is asked for. */
  readonly revision: string
  /** The Parquet file's path in the data set. */
  readonly path: string
}

/** What a row of a data set asks. */
export type Asked =
  /** Which choice follows the context? */
  | { readonly context: string; readonly choices: readonly string[]; readonly answer: number }
  /** After which context does the continuation follow? */
  | { readonly contexts: readonly string[]; readonly continuation: string; readonly answer: number }
  /** Is this the word that greedy decoding writes after the context? */
  | { readonly context: string; readonly word: string }

/** A task of lm-evaluation-harness. */
export interface NamedTask {
  /** The harness's. */
  readonly name: string
  readonly data: TaskData
  /** Those that the questions are made of. */
  readonly columns: readonly string[]
  /** Between context and continuation: the harness's `target_delimiter`. */
  readonly delimiter: string
  readonly metrics: readonly Metric[]
  /**
   * @param row as it comes from the file
   * @param place of the row, for messages
   * @throws SpellmError 'text-invalid' for a row that isn't as the task expects it, which names the column
   */
  question(row: unknown, number: number, place: string): Question
}

/** A question, as it is scored. */
export interface Question {
  /** The index of its row in the file, from 0. */
  readonly row: number
  /** One for each choice; a single one is right if greedy decoding writes it. */
  readonly options: readonly Option[]
  /** [options], in characters, without the delimiter: what `accNorm` divides by. */
  readonly lengths: readonly number[]
  /** The right option, from 0. */
  readonly answer: number
}

const maxChoices = 26

/**
 * A task by what a reader wants to know of it.
 *
 * @param entry.columns what each column must hold
 * @param entry.ask makes the question; an answer that is none of the choices is found out afterwards
 */
export function namedTask<const Columns extends z.ZodRawShape>({
  columns,
  ask,
  ...entry
}: Pick<NamedTask, 'name' | 'data' | 'delimiter' | 'metrics'> & {
  readonly columns: Columns
  readonly ask: (row: z.infer<z.ZodObject<Columns>>) => Asked
}): NamedTask {
  const schema = z.object(columns)
  return {
    ...entry,
    columns: Object.keys(columns),
    question: (row, number, place) => {
      const parsed = schema.safeParse(row)
      if (!parsed.success) {
        const issue = parsed.error.issues[0]!
        throw invalid(place, `column '${issue.path.join('.')}': ${issue.message}`)
      }
      const { options, texts, answer } = optionsOf(ask(parsed.data), entry.delimiter)
      if (options.length > maxChoices) throw invalid(place, `there are more than ${maxChoices} choices`)
      if (!options[answer]) throw invalid(place, 'the right answer is none of the choices')
      return { row: number, options, lengths: texts.map(characters), answer }
    },
  }
}

function optionsOf(
  asked: Asked,
  delimiter: string,
): { readonly options: readonly Option[]; readonly texts: readonly string[]; readonly answer: number } {
  if ('word' in asked) {
    const { context, word } = asked
    return { options: [{ context, continuation: delimiter + word }], texts: [word], answer: 0 }
  }
  if ('contexts' in asked) {
    const { contexts, answer } = asked
    const continuation = delimiter + asked.continuation
    return { options: contexts.map((context) => ({ context, continuation })), texts: contexts, answer }
  }
  const { context, choices, answer } = asked
  return {
    options: choices.map((choice) => ({ context, continuation: delimiter + choice })),
    texts: choices,
    answer,
  }
}

function invalid(place: string, problem: string): SpellmError {
  return new SpellmError(
    'text-invalid',
    `${place}: ${problem}.`,
    'The data set has another form than this task expects: name the revision that docs/evaluation.md lists.',
  )
}
