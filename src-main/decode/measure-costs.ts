import { z } from 'zod'
import { median } from '../base/median.ts'
import type { Architecture } from '../models/architecture.ts'
import { stackRows } from '../models/batch-trunk.ts'
import type { LastPosition, TrunkSession } from '../models/trunk-session.ts'
import type { Device } from '../runtime/devices/device.ts'
import { keepsOutputs } from '../runtime/devices/provider-options.ts'
import { ownTurn, type Turn } from '../runtime/turns.ts'
import type { Asked } from './asked.ts'
import type { Drafter } from './drafter.ts'
import { newKvContext, readEach, readTokens, type KvContext } from './generate.ts'
import type { PassCosts } from './replay.ts'

/** What passes took on this machine, in milliseconds. */
export const measuredCostsSchema = z.object({
  /** A token by the trunk alone. */
  trunk: z.number().positive(),
  /** What the tail and the draft add to it. */
  tail: z.number().min(0),
  /** The base model's picks after a number of states, by rising rows, with the head that verifies. */
  head: z.array(z.object({ rows: z.int().min(1), milliseconds: z.number().positive() })).min(1),
  /** Which one that is: base mode's own, or the exact int8 one, where that takes less time. */
  verifier: z.enum(['own', 'int8']),
  /** A pick of base mode's own head. */
  baseHead: z.number().positive(),
})
export type MeasuredCosts = z.infer<typeof measuredCostsSchema>

/** What is measured: the loaded sessions themselves. */
export interface MeasuredParts {
  readonly trunk: TrunkSession
  /** The drafter of a text of its own. */
  readonly drafter: Drafter
  /** A text whose states the head and the draft look at; absent: tokens that nobody would say. */
  readonly text?: readonly number[]
  /** What steps read of learned groups, and the share of steps that do; absent: there are none. */
  readonly reading?: { readonly share: number; readonly read: (hidden: Float32Array) => Promise<unknown> }
  /** The base model's picks after some states, hidden [rows · d], with its own head and with the exact int8 one. */
  readonly picks: {
    readonly own: (hidden: Float32Array) => Promise<unknown>
    readonly int8?: ((hidden: Float32Array) => Promise<unknown>) | undefined
  }
  readonly architecture: Pick<Architecture, 'attention' | 'layers' | 'vocabularySize' | 'contextLength'>
  readonly device: Device
}

/** States that the head looks at at once; the outermost first, since what is between can be interpolated. */
const measuredRows = [1, 16, 4, 8, 2] as const
const mostRows = Math.max(...measuredRows)
/** Times that each part is measured. Of the same work the least counts, since what else a machine does only adds to it. */
const rounds = 6
/** Heads look at this many different sets of states in turns, of which the median counts: some cost more than most. */
const stateSets = 3
/** How long measuring may take, and how much of it. */
export interface CostLimits {
  /** After so long nothing more is begun, milliseconds. */
  readonly milliseconds: number
  /** What made-up keys and values may take, bytes. */
  readonly cacheBytes: number
}

/** While somebody waits for a text. */
const usualLimits: CostLimits = { milliseconds: 1_200, cacheBytes: 128 << 20 }

/** No pass takes less: a clock that stands still must not divide by zero. */
const leastMilliseconds = 1e-4

/**
 * Measures passes of single tokens after `context` tokens, and the base model's head over several states, by turns as a text
 * needs them: what one leaves in the CPU's caches, and how far its threads have gone to sleep, is part of what the next
 * takes. By default it ends within about 1.3 seconds, or three passes of the trunk and of heads if those take longer; parts for which there
 * is no time left are estimated from the others.
 *
 * @param context tokens that come before; fewer where the model holds no more, or they would take too much memory
 * @param turn where each pass computes
 */
export async function measureCosts(
  { trunk, drafter, text, reading, picks, architecture, device }: MeasuredParts,
  context: number,
  turn: Turn = ownTurn,
  limits: CostLimits = usualLimits,
): Promise<MeasuredCosts> {
  let started = performance.now()
  const hasTime = () => performance.now() - started < limits.milliseconds
  const kvContext = newKvContext(trunk)
  const { cache, tokens } = kvContext
  const timed = (times: number[], work: () => Promise<unknown>) =>
    turn(async () => {
      const before = performance.now()
      await work()
      times.push(performance.now() - before)
    })
  const [alone, drafted, read]: [number[], number[], number[]] = [[], [], []]
  const timesByRows = () =>
    new Map(measuredRows.map((rows) => [rows, Array.from({ length: stateSets }, (): number[] => [])]))
  const heads = [
    { pick: picks.own, times: timesByRows() },
    ...(picks.int8 ? [{ pick: picks.int8, times: timesByRows() }] : []),
  ]
  try {
    const { states, last } = await turn(() =>
      statesOf(kvContext, trunk, drafter, text ?? repeated(architecture)),
    )
    // The first reading loads what reads.
    if (reading) await turn(() => reading.read(last.hidden))
    started = performance.now()
    // Where a device holds keys and values, nobody can make them up.
    if (!keepsOutputs(device)) makeUp(kvContext, architecture, context, limits)
    const { length } = tokens
    const pass = async (asked: Asked | 'none') => {
      await readTokens(trunk, kvContext, [madeUpToken(length, length, architecture)], asked)
      cache.truncate(length)
      tokens.length = length
    }
    // A state that it has seen might be known; and after made-up keys the next token is anybody's guess.
    const draft = async () => {
      await pass(drafter)
      await drafter.draft({ ...last }, length + 1)
    }
    for (let round = 0; round < rounds && (round === 0 || hasTime()); round++)
      for (const rows of measuredRows)
        for (const { pick, times } of heads) {
          if (alone.length > 0 && !hasTime()) break
          // Equally often, lest the least of many looks like less.
          await (alone.length > drafted.length ? timed(drafted, draft) : timed(alone, () => pass('none')))
          const set = round % stateSets
          await timed(times.get(rows)![set]!, () => pick(states(rows, set)))
          if (reading && rows === 1) await timed(read, () => reading.read(last.hidden))
        }
  } finally {
    cache.release()
  }
  const trunkAlone = Math.max(leastMilliseconds, Math.min(...alone))
  // Each time other rows are read, so the least is that of rows which happen to be at hand.
  const ofReading = reading && read.length > 0 ? reading.share * median(read) : 0
  return {
    trunk: trunkAlone,
    // Of two times that are nearly the same, the least say more of luck than of what is between them.
    tail: ofReading + Math.max(0, median(drafted.map((time, i) => time - alone[i]!))),
    ...cheaperHead(rising(heads[0]!.times), heads[1] ? rising(heads[1].times) : null),
  }
}

/** The head that takes less time over the rows that are used: one where the base model writes, several where drafts are verified. */
function cheaperHead(
  own: MeasuredCosts['head'],
  int8: MeasuredCosts['head'] | null,
): Pick<MeasuredCosts, 'head' | 'verifier' | 'baseHead'> {
  const used = (head: MeasuredCosts['head']) => headCost(head, 1) + headCost(head, 8)
  const isInt8 = int8 !== null && used(int8) < used(own)
  return {
    head: isInt8 ? int8 : own,
    verifier: isInt8 ? 'int8' : 'own',
    baseHead: headCost(own, 1),
  }
}

/**
 * The times by rising rows: of each set of states the least, and of these the median. More rows take no less time: where they
 * seem to, the fewer ones were held up.
 */
function rising(times: ReadonlyMap<number, readonly (readonly number[])[]>): MeasuredCosts['head'] {
  const found: MeasuredCosts['head'] = []
  for (const [rows, sets] of [...times].sort(([a], [b]) => b - a)) {
    const least = sets.filter((own) => own.length > 0).map((own) => Math.min(...own))
    if (least.length === 0) continue
    const milliseconds = Math.min(median(least), found[0]?.milliseconds ?? Infinity)
    found.unshift({ rows, milliseconds: Math.max(leastMilliseconds, milliseconds) })
  }
  return found
}

/** A text that says four tokens over and over, of which a model soon knows what comes next. */
const repeated = (architecture: MeasuredParts['architecture']): number[] =>
  Array.from({ length: Math.min(2 * mostRows, architecture.contextLength) }, (_, i) =>
    madeUpToken(i, 16, architecture),
  )

/**
 * States of a text. Where a model doesn't know how one continues, as after made-up keys and values, many tokens come close to
 * the best, and the head reads far more of them, and far more often, than in a text.
 *
 * @returns float32 [rows · d] of each set of them, since two tokens may be so close after one state that it is looked at again; and
 *   the last one with what is asked of it for a draft
 */
async function statesOf(
  kvContext: KvContext,
  trunk: TrunkSession,
  drafter: Drafter,
  text: readonly number[],
): Promise<{ readonly states: (rows: number, set: number) => Float32Array; readonly last: LastPosition }> {
  const { length } = text
  // A text that has hardly begun may continue in any way.
  const all = await readEach(trunk, kvContext, text)
  const states = all.slice(-Math.max(mostRows, Math.floor(all.length / 2)))
  kvContext.cache.truncate(length - 1)
  kvContext.tokens.length = length - 1
  const last = await readTokens(trunk, kvContext, text.slice(-1), drafter)
  kvContext.cache.truncate(0)
  kvContext.tokens.length = 0
  return {
    states: (rows, set) => {
      const first = Math.floor((set * states.length) / stateSets)
      return stackRows(Array.from({ length: rows }, (_, row) => states[(first + row) % states.length]!))
    },
    last,
  }
}

/** Gives a context up to `context` made-up tokens, with made-up keys and values. */
function makeUp(
  { cache, tokens }: KvContext,
  architecture: MeasuredParts['architecture'],
  context: number,
  { cacheBytes }: CostLimits,
): void {
  const { attention, layers, contextLength } = architecture
  const width = 2 * layers.length * attention.keyValueHeads * attention.headSize
  const length = Math.min(context, contextLength - 1, Math.floor(cacheBytes / (4 * width)))
  const piece = Math.min(length, 256)
  const rows = new Float32Array(piece * width).fill(0.01)
  for (let held = 0; held < length; held += piece) cache.append(rows, piece, Math.min(piece, length - held))
  for (let i = 0; i < length; i++) tokens.push(madeUpToken(i, length, architecture))
}

/** A made-up token: each occurs about four times, so a quarter of the text is context symbols. */
function madeUpToken(
  place: number,
  length: number,
  { vocabularySize }: Pick<Architecture, 'vocabularySize'>,
): number {
  const distinct = Math.max(1, length >> 2)
  return Math.floor(((place % distinct) * vocabularySize) / distinct)
}

/** The costs that a replay computes with. */
export function passCosts({ trunk, tail, head }: MeasuredCosts): PassCosts {
  return { trunk, tail, head: (rows) => headCost(head, rows) }
}

/** Between measured rows in proportion, beyond them as between the last two. */
function headCost(head: MeasuredCosts['head'], rows: number): number {
  const above = head.findIndex((known) => known.rows >= rows)
  const end = above < 0 ? head.length - 1 : above
  const [low, high] = [head[Math.max(0, end - 1)]!, head[end]!]
  if (high.rows === low.rows) return high.milliseconds
  const slope = (high.milliseconds - low.milliseconds) / (high.rows - low.rows)
  return high.milliseconds + slope * (rows - high.rows)
}
