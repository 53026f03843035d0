import type { Sampling } from '../decode/sampling.ts'
import type { MeasuredPlan, WrittenBenchmark } from './written-modes.ts'
import type { ModeTexts } from './written-texts.ts'

const missing = '–'

/** No figure of a table is finer than this. */
const finest = 0.01

/** A value with what it may be off by, to the place of that one's first digit: (1.0537, 0.021) → '1.05 ± 0.02'. */
export function withError(value: number | null, error: number | null): string {
  if (value === null || error === null) return missing
  const place = Math.floor(Math.log10(Math.max(finest, error)))
  const step = 10 ** place
  const rounded = (number: number) => (Math.round(number / step) * step).toFixed(Math.max(0, -place))
  return `${rounded(value)} ± ${rounded(Math.max(step, error))}`
}

/**
 * The heading and the rows of a table: one row for each mode at each context.
 *
 * @param names of modes, where they say more than the mode
 */
export function writtenTable(
  { contexts }: WrittenBenchmark,
  names: Readonly<Record<string, string>>,
): string[][] {
  const heading = [
    ...['mode', 'context', 'ms a token', '× base', 'same text'],
    ...['trunk passes', 'head passes', 'rows a head pass'],
  ]
  const rowOf = (context: number, texts: ModeTexts) => [
    names[texts.mode] ?? texts.mode,
    String(context),
    withError(texts.msPerToken, texts.msPerTokenError),
    texts.mode === 'base' ? '' : withError(texts.speedup, texts.speedupError),
    texts.mode === 'base' ? '' : `${texts.identicalTexts} of ${texts.texts}`,
    texts.trunkPasses.toFixed(2),
    texts.headPasses.toFixed(2),
    texts.rows === 0 ? '' : texts.rows.toFixed(1),
  ]
  const rows = contexts.flatMap(({ context, modes, peer }) => [
    ...modes.map((texts) => rowOf(context, texts)),
    ...(peer
      ? [[peer.name, String(context), peer.milliseconds.toFixed(1), ...Array<string>(5).fill('')]]
      : []),
  ])
  return [heading, ...rows]
}

/** What holds for all rows, and how lossless mode was set, in sentences. */
export function writtenNotes({ contexts, prompts, sampling }: WrittenBenchmark): string[] {
  const [{ modes }] = contexts as [WrittenBenchmark['contexts'][number]]
  const { texts, tokens } = modes[0]!
  const of =
    prompts === 'chat' ? 'questions that the model asks itself' : 'beginnings of documents of its own'
  return [
    `Written in turns after ${texts} ${of}, ${Math.round(tokens / texts)} tokens each; prompts don't count. Medians with their standard errors; passes are per token.`,
    ...(sampling ? [`${describeSampling(sampling)}.`] : []),
    ...contexts.flatMap(({ context, modes, plan }) => {
      const lossless = modes.find(({ mode }) => mode === 'lossless')
      return lossless ? [losslessNote(context, lossless, plan)] : []
    }),
  ]
}

function describeSampling({ temperature, seed, ...settings }: Sampling): string {
  const { topK, topP, minP, repetitionPenalty, presencePenalty, frequencyPenalty } = settings
  const named = {
    'top-k': topK,
    'top-p': topP,
    'min-p': minP,
    'repetition penalty': repetitionPenalty,
    'presence penalty': presencePenalty,
    'frequency penalty': frequencyPenalty,
  }
  const said = Object.entries(named).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name} ${value}`],
  )
  const how =
    temperature === 0 ? 'The best token is chosen' : `Drawn at temperature ${temperature}, seed ${seed}`
  return [how, ...said].join(', ')
}

function losslessNote(context: number, { baseAlone, texts }: ModeTexts, plan: MeasuredPlan | null): string {
  const alone = baseAlone === 0 ? '' : ` The base model continued alone in ${baseAlone} of ${texts} texts.`
  if (!plan) return `Lossless at ${context} tokens: no recorded doubts to choose its settings by.${alone}`
  const { threshold, steps, costs, lossless, int8Alone } = plan
  const verifier = costs.verifier === 'int8' ? 'the exact int8 head' : "the base model's head"
  const int8 =
    int8Alone === null ? '' : `, and of the base model with the exact int8 head alone ${times(int8Alone)}`
  return `Lossless at ${context} tokens: doubt below ${threshold.toFixed(2)}, up to ${steps} steps, verified by ${verifier}. The measured costs predict ${times(lossless)}${int8}.${alone}`
}

const times = (speedup: number) => `${speedup.toFixed(2)} ×`
