import { z } from 'zod'
import { namedTask, type NamedTask } from './named-task.ts'
import { capitalize, lowerFirst, strip, stripStart, withoutLast } from './python-text.ts'

/** The version of the harness whose task definitions these entries follow. */
export const harnessVersion = '0.4.13'

const text = z.string().max(200_000)
/** Choices with their letters or numbers. */
const labelled = z.object({ text: z.array(text), label: z.array(text) })

const arc = (name: string, config: string): NamedTask =>
  namedTask({
    name,
    data: {
      id: 'allenai/ai2_arc',
      revision: '210d026faf9955653af8916fad021475a3f00453',
      path: `${config}/test-00000-of-00001.parquet`,
    },
    columns: { question: text, choices: labelled, answerKey: text },
    ask: ({ question, choices, answerKey }) => ({
      context: `Question: ${question}\nAnswer:`,
      choices: choices.text,
      answer: choices.label.indexOf(answerKey),
    }),
    delimiter: ' ',
    metrics: ['acc', 'accNorm'],
  })

const superGlue = { id: 'aps/super_glue', revision: '3de24cf8022e94f4ee4b9d55a6f539891524d646' }

/** What is left of a text from WikiHow in HellaSwag, as the harness's `preprocess` makes it. */
function withoutMarks(marked: string): string {
  return strip(marked)
    .replaceAll(' [title]', '. ')
    .replaceAll(/\[[^\n]*?\]/g, '')
    .replaceAll('  ', ' ')
}

/**
 * The tasks that can be asked for by name: what each reads, what it asks, how it is scored. Prompts, splits and metrics
 * are those of lm-evaluation-harness (lm_eval/tasks/, version above), without examples in the prompt.
 */
export const namedTasks: readonly NamedTask[] = [
  arc('arc_easy', 'ARC-Easy'),
  arc('arc_challenge', 'ARC-Challenge'),
  namedTask({
    name: 'piqa',
    data: {
      id: 'baber/piqa',
      revision: '142f6d7367fd9877f0fb3b5734ea6a545f54cdd1',
      path: 'piqa_validation.parquet',
    },
    columns: { goal: text, sol1: text, sol2: text, label: z.int() },
    ask: ({ goal, sol1, sol2, label }) => ({
      context: `Question: ${goal}\nAnswer:`,
      choices: [sol1, sol2],
      answer: label,
    }),
    delimiter: ' ',
    metrics: ['acc', 'accNorm'],
  }),
  namedTask({
    name: 'hellaswag',
    data: {
      id: 'Rowan/hellaswag',
      revision: '218ec52e09a7e7462a5400043bb9a69a41d06b76',
      path: 'data/validation-00000-of-00001.parquet',
    },
    columns: {
      activity_label: text,
      ctx_a: text,
      ctx_b: text,
      endings: z.array(text),
      label: z.string().regex(/^\d+$/),
    },
    ask: ({ activity_label, ctx_a, ctx_b, endings, label }) => ({
      context: withoutMarks(`${activity_label}: ${ctx_a} ${capitalize(ctx_b)}`),
      choices: endings.map(withoutMarks),
      answer: Number(label),
    }),
    delimiter: ' ',
    metrics: ['acc', 'accNorm'],
  }),
  namedTask({
    name: 'openbookqa',
    data: {
      id: 'allenai/openbookqa',
      revision: '388097ea7776314e93a529163e0fea805b8a6454',
      path: 'main/test-00000-of-00001.parquet',
    },
    columns: { question_stem: text, choices: labelled, answerKey: text },
    ask: ({ question_stem, choices, answerKey }) => ({
      context: question_stem,
      choices: choices.text,
      answer: choices.label.indexOf(stripStart(answerKey)),
    }),
    delimiter: ' ',
    metrics: ['acc', 'accNorm'],
  }),
  namedTask({
    name: 'winogrande',
    data: {
      id: 'allenai/winogrande',
      revision: '01e74176c63542e6b0bcb004dcdea22d94fb67b5',
      path: 'winogrande_xl/validation-00000-of-00001.parquet',
    },
    columns: {
      sentence: text.includes('_', { error: 'expected a sentence with a blank, _' }),
      option1: text,
      option2: text,
      answer: z.enum(['1', '2']),
    },
    // Partial scoring: how likely is what follows the blank, after each option?
    ask: ({ sentence, option1, option2, answer }) => {
      const blank = sentence.indexOf('_')
      return {
        contexts: [option1, option2].map((option) => sentence.slice(0, blank) + option),
        continuation: strip(sentence.slice(blank + 1)),
        answer: answer === '1' ? 0 : 1,
      }
    },
    delimiter: ' ',
    metrics: ['acc'],
  }),
  namedTask({
    name: 'boolq',
    data: { ...superGlue, path: 'boolq/validation-00000-of-00001.parquet' },
    columns: { passage: text, question: text, label: z.int() },
    ask: ({ passage, question, label }) => ({
      context: `${passage}\nQuestion: ${question}?\nAnswer:`,
      choices: ['no', 'yes'],
      answer: label,
    }),
    delimiter: ' ',
    metrics: ['acc'],
  }),
  namedTask({
    name: 'sciq',
    data: {
      id: 'allenai/sciq',
      revision: '2c94ad3e1aafab77146f384e23536f97a4849815',
      path: 'data/test-00000-of-00001.parquet',
    },
    columns: {
      support: text,
      question: text,
      distractor1: text,
      distractor2: text,
      distractor3: text,
      correct_answer: text,
    },
    ask: ({ support, question, distractor1, distractor2, distractor3, correct_answer }) => ({
      context: `${stripStart(support)}\nQuestion: ${question}\nAnswer:`,
      choices: [distractor1, distractor2, distractor3, correct_answer],
      answer: 3,
    }),
    delimiter: ' ',
    metrics: ['acc', 'accNorm'],
  }),
  namedTask({
    name: 'lambada_openai',
    data: {
      id: 'EleutherAI/lambada_openai',
      revision: '900124bf3b8235c6daf21033af9948b3f07346c4',
      path: 'default/test/default.parquet',
    },
    columns: { text },
    ask: ({ text }) => {
      const words = text.split(' ')
      return { context: words.slice(0, -1).join(' '), word: words.at(-1)! }
    },
    delimiter: ' ',
    metrics: ['acc', 'perplexity'],
  }),
  namedTask({
    name: 'copa',
    data: { ...superGlue, path: 'copa/validation-00000-of-00001.parquet' },
    columns: {
      premise: text,
      choice1: text,
      choice2: text,
      question: z.enum(['cause', 'effect']),
      label: z.int(),
    },
    // The harness's choices begin with a space of their own, so that two stand before each.
    ask: ({ premise, choice1, choice2, question, label }) => ({
      context: `${withoutLast(strip(premise))} ${question === 'cause' ? 'because' : 'therefore'}`,
      choices: [choice1, choice2].map((choice) => ` ${lowerFirst(choice)}`),
      answer: label,
    }),
    delimiter: ' ',
    metrics: ['acc'],
  }),
  namedTask({
    name: 'commonsense_qa',
    data: {
      id: 'tau/commonsense_qa',
      revision: '94630fe30dad47192a8546eb75f094926d47e155',
      path: 'data/validation-00000-of-00001.parquet',
    },
    columns: { question: text, choices: z.object({ text: z.array(text).length(5) }), answerKey: text },
    ask: ({ question, choices, answerKey }) => {
      const letters = ['A', 'B', 'C', 'D', 'E']
      const listed = choices.text.map((choice, i) => `${letters[i]!}. ${choice}\n`)
      return {
        context: `Question: ${strip(question)}\n${listed.join('')}Answer:`,
        choices: letters,
        answer: letters.indexOf(answerKey),
      }
    },
    delimiter: ' ',
    metrics: ['acc'],
  }),
]

/** The task of this name, if there is one. */
export function findNamedTask(name: string): NamedTask | undefined {
  return namedTasks.find((task) => task.name === name)
}
