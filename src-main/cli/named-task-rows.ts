import type { Interval } from '../evaluate/clustered-share.ts'
import type { NamedResults } from '../evaluate/tasks/named-results.ts'
import { formatShare } from './output.ts'

/** A task that was asked for by name, as rows of the table: both models, and their difference in points. */
export function namedTaskRows(task: NamedResults): string[][] {
  const { name, questions, available, base, spellm, difference, samePick, perplexity } = task
  const of = questions === available ? '' : ` of ${available.toLocaleString('en')}`
  const metrics = [
    ['acc', base.acc, spellm.acc, difference.acc],
    ['acc_norm', base.accNorm, spellm.accNorm, difference.accNorm],
  ] as const
  return [
    [`${name}, ${questions.toLocaleString('en')}${of} questions`, '95 % confidence'],
    ...metrics.flatMap(([metric, ofBase, ofSpellm, both]) =>
      ofBase && ofSpellm && both
        ? [
            [`  base: ${metric}`, spread(formatShare, ofBase)],
            [`  spellm: ${metric}`, spread(formatShare, ofSpellm)],
            [`  spellm − base: ${metric}, in points`, spread(points, both)],
          ]
        : [],
    ),
    ['  same pick', spread(formatShare, samePick)],
    ...(perplexity
      ? [
          ['  base: perplexity', spread(decimals, perplexity.base)],
          ['  spellm: perplexity', perplexity.spellm ? spread(decimals, perplexity.spellm) : 'infinite'],
        ]
      : []),
    ...(perplexity?.said
      ? [
          [
            `  spellm / base on the ${perplexity.said.questions.toLocaleString('en')} words that it can emit`,
            spread(decimals, perplexity.said.ratio),
          ],
        ]
      : []),
  ]
}

const spread = (format: (value: number) => string, { value, low, high }: Interval) =>
  `${format(value)}  (${format(low)} to ${format(high)})`
const points = (value: number) => (100 * value).toFixed(1)
const decimals = (value: number) => value.toFixed(3)
