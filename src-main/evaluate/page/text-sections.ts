import type { Difference } from '../examples.ts'
import type { TeacherForcedMode } from '../mode-agreement.ts'
import type { TextEvaluation } from '../text-evaluation.ts'
import { categoriesOfTokens, type KindOf } from '../token-categories.ts'
import type { WordExactness } from '../word-exactness.ts'
import { count, interval, percent, share } from './format.ts'
import { html, type Html } from '../../base/html.ts'

/** How often each mode picks what the base model picks, with some of the other positions. */
export function agreementSection({
  agreement,
  candidates,
  gatedBaseShare,
  differences,
}: TextEvaluation): Html {
  const label = (mode: TeacherForcedMode) => {
    if (mode === 'trie') return `trie(${candidates ?? 0})`
    if (mode === 'gated') return `gated, ${percent(gatedBaseShare ?? 0)} by the base model`
    return mode
  }
  const modes = Object.keys(agreement.agreement) as TeacherForcedMode[]
  const { noLoops } = agreement
  return html`<section>
    <h2>Agreement</h2>
    <p>
      How often each mode picks the token that the base model picks, each position on its own; and on the
      ${count(noLoops.positions)} positions that don't come after 16 tokens which occurred before in their
      window.
    </p>
    <table>
      <thead>
        <tr>
          <th>mode</th>
          <th>agreement</th>
          <th>without repetitions</th>
        </tr>
      </thead>
      <tbody>
        ${modes.map(
          (mode) =>
            html`<tr>
              <th>${label(mode)}</th>
              <td>${share(agreement.agreement[mode]!)}</td>
              <td>${noLoops.positions > 0 ? share(noLoops.agreement[mode]!) : '–'}</td>
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
              <td>${spellingLead === null ? 'never emitted' : spellingLead.toFixed(2)}</td>
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

/** The same by kind of token. */
export function kindsSection({ agreement, differencesByKind }: TextEvaluation): Html {
  const modes = Object.keys(agreement.agreement) as TeacherForcedMode[]
  return html`<section>
    <h2>Agreement by kind of token</h2>
    <p>The kind is that of the token which the base model picks.</p>
    ${categoriesOfTokens.map(
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

/** How well both models predict the text. */
export function perplexitySection({
  perplexity,
  storedPerplexity,
  learntPerplexity,
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
        ${
          learntPerplexity
            ? html`<tr>
                  <th>SpeLLM, by its learnt log-normaliser, the same tokens</th>
                  <td>${interval(learntPerplexity.perplexity)}</td>
                </tr>
                <tr>
                  <th>the normaliser's error, mean ± deviation</th>
                  <td>
                    ${learntPerplexity.error.mean.toFixed(3)} ± ${learntPerplexity.error.deviation.toFixed(3)}
                  </td>
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

/** How far probabilities say how often picks are right. */
export function calibrationSection({ calibration, textCalibration, samplingTail }: TextEvaluation): Html {
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

/** How often all tokens of a pick are right, for a SpeLLM of words; nothing for another. */
export function wordSection(words: WordExactness | null): Html {
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
