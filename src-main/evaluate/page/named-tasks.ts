import type { Interval } from '../clustered-share.ts'
import type { Accuracy, NamedResults } from '../tasks/named-results.ts'
import { html, type Html } from '../../base/html.ts'

/** The tasks that were asked for by name: base model and SpeLLM side by side, and their paired difference. */
export function namedTasksSection(tasks: readonly NamedResults[]): Html {
  if (tasks.length === 0) return html``
  return html`<section>
    <h2>Tasks by name</h2>
    <p>
      Zero-shot, with the prompts and the scoring of lm-evaluation-harness. The difference is SpeLLM minus
      base model, in points; its interval pairs the two question by question. A line per character divides
      log-likelihoods by the choices' lengths.
    </p>
    <table>
      <thead>
        <tr>
          <th>task</th>
          <th>base model</th>
          <th>SpeLLM</th>
          <th>difference</th>
          <th>same pick</th>
        </tr>
      </thead>
      <tbody>
        ${tasks.flatMap(taskRows)}
      </tbody>
    </table>
    ${tasks.map(perplexityLine)}
  </section>`
}

function taskRows(task: NamedResults): Html[] {
  const { name, questions, available, samePick, data } = task
  const row = (label: Html, metric: keyof Accuracy, same: string) => {
    const [base, spellm, difference] = [task.base[metric], task.spellm[metric], task.difference[metric]]
    if (!base || !spellm || !difference) return html``
    return html`<tr>
      <th>${label}</th>
      <td>${share(base)}</td>
      <td>${share(spellm)}</td>
      <td>${points(difference)}</td>
      <td>${same}</td>
    </tr>`
  }
  const of = questions === available ? '' : ` of ${count(available)}`
  const label = html`${name}, ${count(questions)}${of} questions
    <span class="path">${data.id}@${data.revision}</span>`
  return [row(label, 'acc', share(samePick)), row(html`per character`, 'accNorm', '')]
}

function perplexityLine({ name, perplexity }: NamedResults): Html {
  if (!perplexity) return html``
  const { base, spellm, said } = perplexity
  return html`<p>
    ${name}: perplexity ${number(base)} of the base model, ${spellm ? number(spellm) : 'infinite'} of the
    SpeLLM.
    ${
      said
        ? html`On the ${count(said.questions)} words that the SpeLLM can emit: ${number(said.base)} and
          ${number(said.spellm)}, a ratio of ${number(said.ratio)}.`
        : html``
    }
  </p>`
}

const count = (value: number) => value.toLocaleString('en')
const spread = (show: (value: number) => string, { value, low, high }: Interval) =>
  `${show(value)} (${show(low)} to ${show(high)})`
const share = (interval: Interval) => spread((value) => `${(100 * value).toFixed(1)} %`, interval)
const points = (interval: Interval) => spread((value) => (100 * value).toFixed(1), interval)
const number = (interval: Interval) => spread((value) => value.toFixed(3), interval)
