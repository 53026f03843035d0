import type { Interval } from '../clustered-share.ts'
import type { Accuracy, NamedResults } from './named-results.ts'

/** The figures of a task under the names that docs/evaluation.md explains: numbers, each with `…Low` and `…High`. */
export function namedFigures(results: NamedResults) {
  const { name, data, questions, available, base, spellm, difference, samePick, unsaidOptions } = results
  const { perplexity } = results
  return {
    name,
    dataset: data.id,
    revision: data.revision,
    file: data.path,
    questions,
    available,
    base: { ...accuracyFigures(base), ...(perplexity ? spread('perplexity', perplexity.base) : {}) },
    spellm: { ...accuracyFigures(spellm), ...(perplexity ? spread('perplexity', perplexity.spellm) : {}) },
    difference: accuracyFigures(difference),
    ...spread('samePick', samePick),
    unsaidOptions,
    ...(perplexity
      ? {
          said: perplexity.said && {
            questions: perplexity.said.questions,
            ...spread('basePerplexity', perplexity.said.base),
            ...spread('spellmPerplexity', perplexity.said.spellm),
            ...spread('ratio', perplexity.said.ratio),
          },
        }
      : {}),
  }
}

function accuracyFigures({ acc: { value: acc, low, high }, accNorm }: Accuracy) {
  return { acc, low, high, ...(accNorm ? spread('accNorm', accNorm) : {}) }
}

/** A figure and its bounds as three numbers. What isn't finite becomes null in JSON. */
function spread<Name extends string>(name: Name, interval: Interval | null) {
  const { value, low, high } = interval ?? { value: null, low: null, high: null }
  return { [name]: value, [`${name}Low`]: low, [`${name}High`]: high } as Record<
    Name | `${Name}Low` | `${Name}High`,
    number | null
  >
}
