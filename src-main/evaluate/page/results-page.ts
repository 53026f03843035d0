import { describeWeights } from '../../models/precision.ts'
import { stepsSaved, type EvaluatedText, type Evaluation, type TaskEvaluation } from '../evaluation.ts'
import type { RollOuts } from '../roll-outs.ts'
import { pickOf, type ScoredChoiceTask } from '../tasks/choice-tasks.ts'
import { isExact } from '../tasks/exact-tasks.ts'
import { baselinesSection } from './baselines.ts'
import { count, percent, share } from './format.ts'
import { html, type Html } from '../../base/html.ts'
import { namedTasksSection } from './named-tasks.ts'
import { styles } from './styles.ts'
import {
  agreementSection,
  calibrationSection,
  kindsSection,
  perplexitySection,
  wordSection,
} from './text-sections.ts'

/** Tasks of a file that are shown. */
const shownTasks = 50

/**
 * The figures of an evaluation with examples behind each, as one HTML file that needs nothing else: no script, no
 * request, nothing that a text in it could start.
 */
export function resultsPage(evaluation: Evaluation): string {
  const { spellm, kind, text, rollOuts, tasks, namedTasks, baselines, device, precision, source } = evaluation
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
            ${count(text.agreement.positions)} positions of ${textNames[kind]}, computed on ${device}, weights
            of the base model: ${describeWeights(precision, source)}. Shares and perplexities have 95 %
            confidence intervals in brackets; they count windows of text, since positions within one depend on
            one another.
          </p>
          ${agreementSection(text)} ${kindsSection(text)} ${perplexitySection(text)}
          ${calibrationSection(text)} ${wordSection(text.words)} ${rollOutSection(rollOuts)}
          ${baselinesSection(baselines)} ${namedTasksSection(namedTasks)} ${tasks.map(taskSection)}
        </main>
      </body>
    </html>`
  return `${page.source}\n`
}

const textNames: Readonly<Record<EvaluatedText, string>> = {
  given: 'a given text',
  stories: 'new stories',
  'own answers': 'answers that the base model wrote itself',
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
const logLikelihood = (value: number) => (value === -Infinity ? '−∞' : value.toFixed(2))
