import type { Interval } from '../evaluate/clustered-share.ts'
import { stepsSaved, type Evaluation, type TaskEvaluation } from '../evaluate/evaluation.ts'
import type { BaselineResult } from '../evaluate/baselines/baseline.ts'
import type { AgreementRow, TeacherForcedMode } from '../evaluate/mode-agreement.ts'
import type { RollOutDivergence, RollOuts } from '../evaluate/roll-outs.ts'
import type { TextEvaluation } from '../evaluate/text-evaluation.ts'
import type { WordExactness } from '../evaluate/word-exactness.ts'
import { describeWeights } from '../models/precision.ts'
import { categoriesOfTokens } from '../evaluate/token-categories.ts'
import { namedTaskRows } from './named-task-rows.ts'
import { formatShare, table } from './output.ts'

/** An evaluation for people, in a terminal. */
export function evaluationTable(
  { text, rollOuts, tasks, namedTasks, baselines, device, precision, source }: Evaluation,
  rollOutTokens: number,
): string {
  return table([
    ...agreementRows(text),
    ...wordRows(text.words),
    ...perplexityRows(text),
    ...calibrationRows(text),
    ...rollOutRows(rollOuts, rollOutTokens),
    ...baselineRows(baselines),
    ...namedTasks.flatMap(namedTaskRows),
    ...tasks.flatMap(taskRows),
    ['device', device],
    ['weights of the base model', describeWeights(precision, source)],
  ])
}

function agreementRows({ agreement, candidates, gatedBaseShare, spelled }: TextEvaluation): string[][] {
  const modes = Object.keys(agreement.agreement) as TeacherForcedMode[]
  const first = modes[0]
  const label = (mode: TeacherForcedMode) => {
    if (mode === 'trie') return `trie(${candidates ?? 0})`
    if (mode === 'gated') return `gated, ${formatShare(gatedBaseShare ?? 0)} by the base`
    return mode
  }
  const rowsOf = (title: string, { positions, agreement: own }: AgreementRow) => [
    [`${title} on ${count(positions)} positions`, '95 % confidence'],
    ...modes.map((mode) => [`  ${label(mode)}`, formatInterval(own[mode]!)]),
  ]
  const { noLoops } = agreement
  return [
    ...rowsOf('agreement', agreement),
    ...(noLoops.positions > 0 && noLoops.positions < agreement.positions
      ? rowsOf('without what repeats the text, agreement', noLoops)
      : []),
    ...(typeof spelled?.agreement === 'number' && spelled.share < 1
      ? [[`  of trie's ${formatShare(spelled.share)} spelled`, formatShare(spelled.agreement)]]
      : []),
    ...(first === undefined
      ? []
      : categoriesOfTokens.flatMap((way) => [
          [`${first} by ${way} of the base model's token`, ''],
          ...agreement.kinds[way].map((row) => [
            `  ${row.kind}, ${count(row.positions)}`,
            formatInterval(row.agreement[first]!),
          ]),
        ])),
  ]
}

function perplexityRows({
  perplexity,
  storedPerplexity,
  learntPerplexity,
  spellmPerplexity,
  samplingTail,
}: TextEvaluation): string[][] {
  const said = `${formatShare(spellmPerplexity.tokens / perplexity.tokens)} of the tokens`
  return [
    ['perplexity of the base model', formatNumber(perplexity.perplexity)],
    ...(storedPerplexity
      ? [['  with its weights as stored', formatNumber(storedPerplexity.perplexity)]]
      : []),
    ...(learntPerplexity
      ? [
          [
            'perplexity of the SpeLLM, by its learnt log-normaliser',
            formatNumber(learntPerplexity.perplexity),
          ],
          [
            "  the normaliser's error, mean and deviation",
            `${learntPerplexity.error.mean.toFixed(3)}, ${learntPerplexity.error.deviation.toFixed(3)}`,
          ],
          [`  by the probabilities of what it emits, ${said}`, formatNumber(spellmPerplexity.perplexity)],
        ]
      : [[`perplexity of the SpeLLM, ${said}`, formatNumber(spellmPerplexity.perplexity)]]),
    ...(samplingTail
      ? [['  of its tail for sampling, on the same', formatNumber(samplingTail.perplexity.perplexity)]]
      : []),
    ['  of the base model, on the same', spellmPerplexity.basePerplexity.toFixed(3)],
  ]
}

function calibrationRows({ calibration, textCalibration, samplingTail }: TextEvaluation): string[][] {
  return [
    [
      "expected calibration error of trie, for the base model's choice",
      formatShare(calibration.expectedError),
    ],
    ["  for the text's next token", formatShare(textCalibration.spellm.expectedError)],
    ...(samplingTail
      ? [['  of its tail for sampling', formatShare(samplingTail.textCalibration.expectedError)]]
      : []),
    ['  of the base model', formatShare(textCalibration.base.expectedError)],
  ]
}

function rollOutRows({ divergence }: RollOuts, rollOutTokens: number): string[][] {
  const written = divergence.filter(({ texts }) => texts > 0)
  if (written.length === 0) return []
  return [
    [`texts of up to ${rollOutTokens} tokens, as the base model's`, 'identical, tokens till then (median)'],
    ...written.map((mode) => [
      `  ${mode.mode}${passes(mode)}`,
      `${mode.identical} of ${mode.texts}, ${mode.meanTokens.toFixed(1)} (${mode.medianTokens})`,
    ]),
  ]
}

function baselineRows(baselines: readonly BaselineResult[]): string[][] {
  if (baselines.length === 0) return []
  return [
    [
      'in place of the LM head, of whose bytes a token reads a share',
      'agreement, without what repeats the text',
    ],
    ...baselines.map(({ name, bytesShare, agreement, agreementNoLoops }) => [
      `  ${name}, ${formatShare(bytesShare)}`,
      `${formatShare(agreement)}, ${agreementNoLoops === null ? '–' : formatShare(agreementNoLoops)}`,
    ]),
  ]
}

function wordRows(words: WordExactness | null): string[][] {
  if (words === null) return []
  return [
    [`all tokens of a pick as the base model's, ${count(words.positions)} positions`, '95 % confidence'],
    ...Object.entries(words.exactness).map(([mode, share]) => [
      `  ${mode}, ${words.tokensPerStep[mode as TeacherForcedMode]!.toFixed(2)} tokens a step`,
      formatInterval(share),
    ]),
  ]
}

function taskRows({ file, choice, exact }: TaskEvaluation): string[][] {
  return [
    [file, ''],
    ...(choice
      ? (['base', 'spellm'] as const).flatMap((model) => [
          [`  ${model}: acc of ${count(choice.results.tasks)}`, formatInterval(choice.results[model].acc)],
          [`  ${model}: acc_norm`, formatInterval(choice.results[model].accNorm)],
        ])
      : []),
    ...(exact
      ? Object.entries(exact.results.exactMatch).map(([mode, value]) => [
          `  ${mode}: exact match of ${count(exact.results.tasks)}`,
          formatInterval(value),
        ])
      : []),
  ]
}

/** What passes over head and trunk tell; nothing where each token takes one over the trunk. */
function passes(mode: RollOutDivergence): string {
  const head =
    mode.headPasses === 0
      ? ''
      : `, ${(mode.tokens / mode.headPasses).toFixed(2)} tokens per pass over the base head`
  const saved = stepsSaved(mode) ?? 0
  return saved === 0 ? head : `${head}, ${formatShare(saved)} of the steps saved`
}

const count = (value: number) => value.toLocaleString('en')
const formatInterval = ({ value, low, high }: Interval) =>
  `${formatShare(value)}  (${formatShare(low)} to ${formatShare(high)})`
const formatNumber = ({ value, low, high }: Interval) =>
  `${value.toFixed(3)}  (${low.toFixed(3)} to ${high.toFixed(3)})`
