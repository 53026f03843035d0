import type { BaselineResult } from '../baselines/baseline.ts'
import { count, percent } from './format.ts'
import { html, type Html } from '../../base/html.ts'

/** What else could take the LM head's place; nothing where that wasn't measured. */
export function baselinesSection(baselines: readonly BaselineResult[]): Html {
  if (baselines.length === 0) return html``
  return html`<section>
    <h2>In place of the LM head</h2>
    <p>
      What reads a part of the LM head's bytes a token, measured on the second half of the same text:
      vocabularies of the tokens that were chosen most in its first half, screens whose best are scored
      exactly, and an int8 copy whose bounds find the exact choice.
    </p>
    <table>
      <thead>
        <tr>
          <th></th>
          <th>share of the bytes</th>
          <th>positions</th>
          <th>agreement</th>
          <th>without repetitions</th>
        </tr>
      </thead>
      <tbody>
        ${baselines.map(
          ({ name, bytesShare, positions, agreement, agreementNoLoops }) =>
            html`<tr>
              <th>${name}</th>
              <td>${percent(bytesShare)}</td>
              <td>${count(positions)}</td>
              <td>${percent(agreement)}</td>
              <td>${agreementNoLoops === null ? '–' : percent(agreementNoLoops)}</td>
            </tr>`,
        )}
      </tbody>
    </table>
  </section>`
}
