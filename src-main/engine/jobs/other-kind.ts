import { basename } from 'node:path'
import type { AlphabetKind, OtherKind } from '../../contract/index.ts'
import {
  hasSymbols,
  parseConversionSettings,
  runSettingsSchema,
  type ConversionSettings,
  type RunSettings,
} from '../../conversion/settings.ts'
import { parseGroups } from '../../spelling/groups.ts'
import { parsePieces } from '../../spelling/pieces.ts'
import type { StoredRun } from './stored-runs.ts'

/** A finished run, with what makes its verdict comparable to another's. */
interface Measured {
  readonly id: string
  readonly folder: string
  readonly settings: RunSettings
  readonly base: { readonly path: string; readonly sha256: string }
  readonly result: NonNullable<StoredRun['result']>
}

function kindOf({ alphabet }: Pick<ConversionSettings, 'alphabet'>): AlphabetKind {
  if (parseGroups(alphabet)) return 'groups'
  return parsePieces(alphabet) === null ? 'spelling' : 'pieces'
}

/** null: the run isn't finished, or another version made it. */
function measured({ summary, result }: StoredRun): Measured | null {
  if (summary.status === 'broken' || !result) return null
  const settings = runSettingsSchema.safeParse(summary.settings).data
  if (!settings) return null
  return { id: basename(summary.folder), folder: summary.folder, settings, base: summary.base, result }
}

/**
 * What another kind of alphabet brings or would bring compared with a run: the fastest finished run of another kind
 * that wrote the same base model's text in the same precision on the same device, and unless such a run has groups, the
 * offer to learn these from the run's own text.
 *
 * @param isOffered whether that text is still there, and nobody is about to learn from it
 */
export function otherKind(
  run: StoredRun,
  all: readonly StoredRun[],
  { isOffered }: { readonly isOffered: boolean },
): OtherKind {
  const own = measured(run)
  if (!own || !hasSymbols(own.settings)) return { measured: null, offer: null }
  const kind = kindOf(own.settings)
  const comparable = all.flatMap((other) => {
    const found = measured(other)
    if (!found || found.base.sha256 !== own.base.sha256 || kindOf(found.settings) === kind) return []
    const { device, precision } = found.settings
    return device === own.settings.device && precision === own.settings.precision ? [found] : []
  })
  const others = comparable.flatMap(({ id, settings, result: { verdict } }) =>
    verdict?.sameText === true && verdict.speedup !== null
      ? [{ id, kind: kindOf(settings), speedup: verdict.speedup }]
      : [],
  )
  const best = others.toSorted((a, b) => b.speedup - a.speedup)[0] ?? null
  const hasGroups = [own, ...comparable].some(({ settings }) => kindOf(settings) === 'groups')
  const { seconds, textSeconds } = own.result
  return {
    measured: best && { own: kind, other: best },
    offer: hasGroups || !isOffered ? null : { seconds: textSeconds === null ? null : seconds - textSeconds },
  }
}

/** The settings of a run with learned groups from the text of one that spells, all else the same; null: it isn't such a run. */
export function withGroups(run: StoredRun): ConversionSettings | null {
  const own = measured(run)
  if (!own || kindOf(own.settings) === 'groups' || !hasSymbols(own.settings)) return null
  const { settings, folder, base } = own
  // What today's recipe has is better than what a run of an earlier version lacked.
  const { anchor: _, ...kept } = settings
  return parseConversionSettings({ ...kept, base: base.path, alphabet: 'groups', textOf: folder })
}
