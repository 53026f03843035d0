import type { Interval } from '../clustered-share.ts'
import type { TextEvaluation } from '../text-evaluation.ts'
import type { WordExactness } from '../word-exactness.ts'
import { stepsSaved, type Evaluation, type TaskEvaluation } from '../evaluation.ts'
import type { Difference } from '../examples.ts'
import { kindsOfTokens, type KindOf } from '../token-kinds.ts'
import type { TeacherForcedMode } from '../mode-agreement.ts'
import type { RollOuts } from '../roll-outs.ts'
import { pickOf, type ScoredChoiceTask } from '../tasks/choice-tasks.ts'
import { isExact } from '../tasks/exact-tasks.ts'
import { html, type Html } from './html.ts'
import { namedTasksSection } from './named-tasks.ts'
import { styles } from './styles.ts'

/** Tasks of a file that are shown. */
const shownTasks = 50

/**
 * The figures of an evaluation with examples behind each, as one HTML file that needs nothing else: no script, no
 * request, nothing that a text in it could start.
 */
export function resultsPage(evaluation: Evaluation): string {
  const { spellm, text, rollOuts, tasks, namedTasks, device } = evaluation
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'" />
        <meta name="viewport" content="width=device-width" />
        <meta name="color-scheme" content="light dark" />
        <title>Evaluation of ${spellm}</title>
        <style>
          ${styles}
        </style>
      </head>
      <body>
        <main>
          <h1>Evaluation</h1>
          <p class="path">${spellm}</p>
          <p>
            ${count(text.agreement.positions)} positions, computed on ${device}. Shares and perplexities have
            95 % confidence intervals in brackets; they count windows of text, since positions within one
            depend on one another.
          </p>
          ${agreementSection(text)} ${kindsSection(text)} ${perplexitySection(text)}
          ${calibrationSection(text)} ${wordSection(text.words)} ${rollOutSection(rollOuts)}
          ${namedTasksSection(namedTasks)} ${tasks.map(taskSection)}
        </main>
      </body>
    </html>`
  return `${page.source}\n`
}

function agreementSection({ agreement, candidates, gatedBaseShare, differences }: TextEvaluation): Html {
  const label = (mode: TeacherForcedMode) => {
    if (mode === 'trie') return `trie(${candidates ?? 0})`
    if (mode === 'gated') return `gated, ${percent(gatedBaseShare ?? 0)} by the base model`
    return mode
  }
  const modes = Object.keys(agreement.agreement) as TeacherForcedMode[]
  return html`<section>
    <h2>Agreement</h2>
    <p>How often each mode picks the token that the base model picks, each position on its own.</p>
    <table>
      <thead>
        <tr>
          <th>mode</th>
          <th>agreement</th>
        </tr>
      </thead>
      <tbody>
        ${modes.map(
          (mode) =>
            html`<tr>
              <th>${label(mode)}</th>
              <td>${share(agreement.agreement[mode]!)}</td>
            </tr>`,
        )}
      </tbody>
    </table>
    ${modes.map((mode) =>
      differenceList(`Where ${label(mode)} picks another token: a sample`, differences[mode] ?? []),
    )}
  </section>`
}

function differenceList(title: string, differences: readonly Difference[]): Html {
  if (differences.length === 0) return html``
  return html`<details>
    <summary>${title}</summary>
    <table class="examples">
      <thead>
        <tr>
          <th>text before</th>
          <th>base model</th>
          <th>SpeLLM</th>
          <th>base model's lead</th>
          <th>spelling's lead</th>
        </tr>
      </thead>
      <tbody>
        ${differences.map(
          ({ context, expected, picked, baseLead, spellingLead }) =>
            html`<tr>
              <td class="text">${context}</td>
              <td><code>${expected}</code></td>
              <td><code>${picked}</code></td>
              <td>${baseLead.toFixed(2)}</td>
              <td>${spellingLead === null ? 'never said' : spellingLead.toFixed(2)}</td>
            </tr>`,
        )}
      </tbody>
    </table>
    <p class="note">
      Leads in nats: how much the base model prefers its own token to the SpeLLM's, and how much the spelling
      of the SpeLLM's token is preferred to that of the base model's. A small lead of the base model is a
      close call.
    </p>
  </details>`
}

const kindTitles: Readonly<Record<KindOf, string>> = {
  status: 'What the SpeLLM can do with the token',
  frequency: 'How often the token occurs in this text',
  script: 'What the token is written in',
}

function kindsSection({ agreement, differencesByKind }: TextEvaluation): Html {
  const modes = Object.keys(agreement.agreement) as TeacherForcedMode[]
  return html`<section>
    <h2>Agreement by kind of token</h2>
    <p>The kind is that of the token which the base model picks.</p>
    ${kindsOfTokens.map(
      (way) =>
        html`<h3>${kindTitles[way]}</h3>
          <table>
            <thead>
              <tr>
                <th></th>
                <th>positions</th>
                ${modes.map((mode) => html`<th>${mode}</th>`)}
              </tr>
            </thead>
            <tbody>
              ${agreement.kinds[way].map(
                (row) =>
                  html`<tr>
                    <th>${row.kind}</th>
                    <td>${count(row.positions)}</td>
                    ${modes.map((mode) => html`<td>${share(row.agreement[mode]!)}</td>`)}
                  </tr>`,
              )}
            </tbody>
          </table>
          ${agreement.kinds[way].map(({ kind }) =>
            differenceList(
              `Where trie picks another token, ${kind}: a sample`,
              differencesByKind.get(`${way} ${kind}`) ?? [],
            ),
          )}`,
    )}
  </section>`
}

function perplexitySection({
  perplexity,
  storedPerplexity,
  spellmPerplexity,
  samplingTail,
}: TextEvaluation): Html {
  return html`<section>
    <h2>Perplexity</h2>
    <table>
      <tbody>
        <tr>
          <th>base model, ${count(perplexity.tokens)} tokens</th>
          <td>${interval(perplexity.perplexity)}</td>
        </tr>
        ${
          storedPerplexity
            ? html`<tr>
                <th>with its weights as stored</th>
                <td>${interval(storedPerplexity.perplexity)}</td>
              </tr>`
            : ''
        }
        <tr>
          <th>SpeLLM, the ${count(spellmPerplexity.tokens)} tokens that it says</th>
          <td>${interval(spellmPerplexity.perplexity)}</td>
        </tr>
        ${
          samplingTail
            ? html`<tr>
                <th>its tail for sampling, the same tokens</th>
                <td>${interval(samplingTail.perplexity.perplexity)}</td>
              </tr>`
            : ''
        }
        <tr>
          <th>base model, the same tokens</th>
          <td>${spellmPerplexity.basePerplexity.toFixed(3)}</td>
        </tr>
        <tr>
          <th>tokens of the text that the SpeLLM never says</th>
          <td>${count(spellmPerplexity.unsaidTokens)}</td>
        </tr>
      </tbody>
    </table>
  </section>`
}

function calibrationSection({ calibration, textCalibration, samplingTail }: TextEvaluation): Html {
  const { expectedError, bins } = calibration
  return html`<section>
    <h2>Calibration</h2>
    <p>
      Expected calibration error ${percent(expectedError)}: how far trie mode's probability of its pick is
      from the share of picks that are the base model's too.
    </p>
    <p>
      For the token that follows in the text it is ${percent(textCalibration.spellm.expectedError)}, of the
      tail for sampling ${samplingTail ? percent(samplingTail.textCalibration.expectedError) : '–'}, of the
      base model ${percent(textCalibration.base.expectedError)}.
    </p>
    <details>
      <summary>The ${bins.length} bins behind it</summary>
      <table>
        <thead>
          <tr>
            <th>probability</th>
            <th>positions</th>
            <th>mean probability</th>
            <th>agreement</th>
          </tr>
        </thead>
        <tbody>
          ${bins.map(
            ({ from, to, positions, confidence, agreement }) =>
              html`<tr>
                <th>${percent(from)} to ${percent(to)}</th>
                <td>${count(positions)}</td>
                <td>${confidence === null ? '–' : percent(confidence)}</td>
                <td>${agreement === null ? '–' : percent(agreement)}</td>
              </tr>`,
          )}
        </tbody>
      </table>
    </details>
  </section>`
}

function wordSection(words: WordExactness | null): Html {
  if (words === null) return html``
  const modes = Object.keys(words.exactness) as TeacherForcedMode[]
  return html`<section>
    <h2>Words</h2>
    <p>
      How often all tokens of what a mode picks are the base model's, at ${words.positions} positions where
      the text tells.
    </p>
    <table>
      <thead>
        <tr>
          <th>mode</th>
          <th>exact</th>
          <th>tokens a step</th>
        </tr>
      </thead>
      <tbody>
        ${modes.map(
          (mode) =>
            html`<tr>
              <th>${mode}</th>
              <td>${share(words.exactness[mode]!)}</td>
              <td>${words.tokensPerStep[mode]!.toFixed(2)}</td>
            </tr>`,
        )}
      </tbody>
    </table>
  </section>`
}

function rollOutSection({ divergence, examples }: RollOuts): Html {
  if (divergence.every(({ texts }) => texts === 0)) return html``
  return html`<section>
    <h2>Texts of its own</h2>
    <p>Greedy continuations of the same beginnings: how long each mode writes what the base model writes.</p>
    <table>
      <thead>
        <tr>
          <th>mode</th>
          <th>identical texts</th>
          <th>tokens to the first difference, mean</th>
          <th>median</th>
          <th>tokens per pass over the base head</th>
          <th>steps saved</th>
        </tr>
      </thead>
      <tbody>
        ${divergence.map(
          (own) =>
            html`<tr>
              <th>${own.mode}</th>
              <td>${own.identical} of ${own.texts}</td>
              <td>${own.meanTokens.toFixed(1)}</td>
              <td>${own.medianTokens}</td>
              <td>${own.headPasses === 0 ? '–' : (own.tokens / own.headPasses).toFixed(2)}</td>
              <td>${percent(stepsSaved(own) ?? 0)}</td>
            </tr>`,
        )}
      </tbody>
    </table>
    ${examples.map(
      ({ prompt, base, texts }) =>
        html`<details>
          <summary>${prompt}</summary>
          <table class="examples">
            <tbody>
              <tr>
                <th>base</th>
                <td class="text">${base}</td>
              </tr>
              ${texts.map(
                ({ mode, text, same }) =>
                  html`<tr>
                    <th>${mode}</th>
                    <td class="text">${text === base ? 'the same' : text}</td>
                    <td>${text === base ? '' : `as the base for ${same} tokens`}</td>
                  </tr>`,
              )}
            </tbody>
          </table>
        </details>`,
    )}
  </section>`
}

function taskSection({ file, choice, exact }: TaskEvaluation): Html {
  return html`<section>
    <h2>Tasks</h2>
    <p class="path">${file}</p>
    ${choice ? choiceTable(choice) : html``} ${exact ? exactTable(exact) : html``}
  </section>`
}

function choiceTable({ results, scored }: NonNullable<TaskEvaluation['choice']>): Html {
  const { base, spellm, samePick, tasks, unsaidChoices } = results
  return html`<table>
      <thead>
        <tr>
          <th>${count(tasks)} multiple-choice tasks</th>
          <th>by log-likelihood</th>
          <th>per character</th>
          <th>per byte</th>
        </tr>
      </thead>
      <tbody>
        ${(
          [
            ['base model', base],
            ['SpeLLM', spellm],
          ] as const
        ).map(
          ([name, { acc, accNorm, accBytes }]) =>
            html`<tr>
              <th>${name}</th>
              <td>${share(acc)}</td>
              <td>${share(accNorm)}</td>
              <td>${share(accBytes)}</td>
            </tr>`,
        )}
      </tbody>
    </table>
    <p>
      Both pick the same in ${share(samePick)}. ${count(unsaidChoices)} choices hold a token that the SpeLLM
      never says.
    </p>
    <details>
      <summary>The first ${Math.min(shownTasks, scored.length)} tasks</summary>
      ${scored.slice(0, shownTasks).map(choiceExample)}
    </details>`
}

function choiceExample(scored: ScoredChoiceTask): Html {
  const { task, base, spellm } = scored
  return html`<table class="examples">
    <caption>
      ${quoted(task.context)}
    </caption>
    <thead>
      <tr>
        <th>choice</th>
        <th>base model</th>
        <th>SpeLLM</th>
      </tr>
    </thead>
    <tbody>
      ${task.choices.map(
        (choice, i) =>
          html`<tr>
            <td class="text">${choice}${i === task.answer ? ' (right)' : ''}</td>
            <td>${logLikelihood(base[i]!)}${pickOf(scored, 'base') === i ? ' (picked)' : ''}</td>
            <td>${logLikelihood(spellm[i]!)}${pickOf(scored, 'spellm') === i ? ' (picked)' : ''}</td>
          </tr>`,
      )}
    </tbody>
  </table>`
}

function exactTable({ results, written }: NonNullable<TaskEvaluation['exact']>): Html {
  return html`<table>
      <thead>
        <tr>
          <th>${count(results.tasks)} exact-match tasks</th>
          <th>right</th>
        </tr>
      </thead>
      <tbody>
        ${Object.entries(results.exactMatch).map(
          ([mode, value]) =>
            html`<tr>
              <th>${mode}</th>
              <td>${share(value)}</td>
            </tr>`,
        )}
      </tbody>
    </table>
    <details>
      <summary>The first ${Math.min(shownTasks, written.length)} tasks</summary>
      ${written.slice(0, shownTasks).map(
        ({ task, texts }) =>
          html`<table class="examples">
            <caption>
              ${quoted(task.context)}
            </caption>
            <tbody>
              <tr>
                <th>expected</th>
                <td class="text">${task.expected}</td>
              </tr>
              ${[...texts].map(
                ([mode, text]) =>
                  html`<tr>
                    <th>${mode}${isExact(task, text) ? ' (right)' : ''}</th>
                    <td class="text">${text}</td>
                  </tr>`,
              )}
            </tbody>
          </table>`,
      )}
    </details>`
}

const quoted = (text: string) => html`<span class="text">${text}</span>`
const count = (value: number) => value.toLocaleString('en')
const percent = (value: number) => `${(100 * value).toFixed(1)} %`
const share = ({ value, low, high }: Interval) => `${percent(value)} (${percent(low)} to ${percent(high)})`
const interval = ({ value, low, high }: Interval) =>
  `${value.toFixed(3)} (${low.toFixed(3)} to ${high.toFixed(3)})`
const logLikelihood = (value: number) => (value === -Infinity ? '−∞' : value.toFixed(2))
