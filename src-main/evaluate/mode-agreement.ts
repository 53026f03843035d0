import { clusteredShare, type Cluster, type Share } from './clustered-share.ts'
import { categoriesOfTokens, tokenCategories, type KindOf, type TokenCategories } from './token-categories.ts'

/** The modes whose choice at a position depends on that position alone. */
export const teacherForcedModes = ['gated', 'trie', 'free'] as const
export type TeacherForcedMode = (typeof teacherForcedModes)[number]

/** The share of some positions where each mode picks what the base model picks. */
export interface AgreementRow {
  readonly positions: number
  readonly agreement: Readonly<Partial<Record<TeacherForcedMode, Share>>>
}

/** The positions whose token, as the base model chose it, is of one kind. */
export interface KindRow extends AgreementRow {
  readonly kind: string
}

/** Agreement over all positions, and by the kind of token that the base model chose; kinds that never came are left out. */
export interface ModeAgreement extends AgreementRow {
  /** Over the positions that don't repeat the text before them (loops.ts). */
  readonly noLoops: AgreementRow
  readonly kinds: Readonly<Record<KindOf, readonly KindRow[]>>
}

/** Counts, window by window, how often each mode agrees. */
function createCounter(modes: readonly TeacherForcedMode[]) {
  /** For each window: its positions, then the agreeing ones of each mode. */
  const windows = new Map<number, Uint32Array>()
  return {
    add: (window: number, agrees: readonly boolean[]) => {
      let counts = windows.get(window)
      if (!counts) windows.set(window, (counts = new Uint32Array(modes.length + 1)))
      counts[0]!++
      for (let i = 0; i < modes.length; i++) if (agrees[i]) counts[i + 1]!++
    },
    result: (): AgreementRow => {
      const clusters = (i: number): Cluster[] =>
        Array.from(windows.values(), (counts) => ({ sum: counts[i + 1]!, count: counts[0]! }))
      return {
        positions: [...windows.values()].reduce((sum, counts) => sum + counts[0]!, 0),
        agreement: Object.fromEntries(modes.map((mode, i) => [mode, clusteredShare(clusters(i))])),
      }
    },
  }
}

/** Collects what each mode picks at each position, then tells the agreement. */
export function createAgreementMeter(modes: readonly TeacherForcedMode[]) {
  const all = createCounter(modes)
  const noLoops = createCounter(modes)
  const byKind = new Map<string, ReturnType<typeof createCounter>>()
  return {
    /**
     * @param agrees for each of the modes, whether it picks what the base model picks
     * @param kinds of the token that the base model picks
     * @param isLoop whether the position repeats the text before it
     */
    add: (window: number, agrees: readonly boolean[], kinds: TokenCategories, isLoop: boolean) => {
      all.add(window, agrees)
      if (!isLoop) noLoops.add(window, agrees)
      for (const way of categoriesOfTokens) {
        const name = `${way} ${kinds[way]}`
        let counter = byKind.get(name)
        if (!counter) byKind.set(name, (counter = createCounter(modes)))
        counter.add(window, agrees)
      }
    },
    result: (): ModeAgreement => ({
      ...all.result(),
      noLoops: noLoops.result(),
      kinds: Object.fromEntries(
        categoriesOfTokens.map((way) => [
          way,
          tokenCategories[way].flatMap((kind): KindRow[] => {
            const counter = byKind.get(`${way} ${kind}`)
            return counter ? [{ kind, ...counter.result() }] : []
          }),
        ]),
      ) as Record<KindOf, KindRow[]>,
    }),
  }
}
