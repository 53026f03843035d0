import { mkdir } from 'node:fs/promises'
import { arch, cpus, platform } from 'node:os'
import { dirname, join } from 'node:path'
import { z } from 'zod'
import { dataFolder } from '../base/data-folder.ts'
import { writeJsonAtomically } from '../base/atomic-file.ts'
import { readJsonFile } from '../formats/json-file.ts'
import { measuredCostsSchema, type MeasuredCosts } from './measure-costs.ts'

/** What passes cost, measured once for each model, device, precision and context. */
export interface KnownCosts {
  /** @param key what the costs depend on in addition to the machine */
  of(key: string, measure: () => Promise<MeasuredCosts>): Promise<MeasuredCosts>
}

const keptSchema = z.object({
  /** Milliseconds since 1970. */
  measured: z.number(),
  costs: measuredCostsSchema,
})
type Kept = z.infer<typeof keptSchema>
const fileSchema = z.object({ machine: z.string(), costs: z.record(z.string(), keptSchema) })
const maxBytes = 1 << 20
/** The oldest give way. */
const mostKept = 200
/** An hour: a machine that was busy when it was measured may not be any more. */
const mostAge = 60 * 60 * 1_000

/**
 * @param file where they are kept for other processes; it can be lost at any time, and what is damaged or another machine's is
 *   measured again. null: nowhere
 * @param now milliseconds since 1970
 */
export function createKnownCosts(file: string | null, now: () => number = Date.now): KnownCosts {
  const known = new Map<string, Promise<MeasuredCosts>>()
  const machine = `${platform()} ${arch()} ${cpus()[0]?.model ?? ''} ${cpus().length}`
  const isFresh = ({ measured }: Kept) => measured <= now() && now() - measured < mostAge
  const readKept = async (): Promise<[key: string, kept: Kept][]> => {
    if (file === null) return []
    const kept = await readJsonFile(file, fileSchema, { maxBytes }).catch(() => null)
    if (kept?.machine !== machine) return []
    return Object.entries(kept.costs).filter(([, own]) => isFresh(own))
  }
  const keep = async (path: string, key: string, costs: MeasuredCosts) => {
    const others = (await readKept()).filter(([other]) => other !== key)
    const all = [...others, [key, { measured: now(), costs }] as const].slice(-mostKept)
    await mkdir(dirname(path), { recursive: true })
    await writeJsonAtomically(path, { machine, costs: Object.fromEntries(all) })
  }
  const measured = async (key: string, measure: () => Promise<MeasuredCosts>) => {
    const kept = (await readKept()).find(([known]) => known === key)
    if (kept) return kept[1].costs
    const costs = await measure()
    // Where they can't be kept, the next process measures them.
    if (file !== null) await keep(file, key, costs).catch(() => undefined)
    return costs
  }
  return {
    of: (key, measure) => {
      const earlier = known.get(key)
      if (earlier) return earlier
      const own = measured(key, measure)
      known.set(key, own)
      own.catch(() => known.delete(key))
      return own
    },
  }
}

/** Those of this process, for who keeps them nowhere else. */
export const costsInMemory = createKnownCosts(null)

/** Those of this machine, as the studio and the command line of a user know them. */
export const ownCosts = (folder = dataFolder(undefined)): KnownCosts =>
  createKnownCosts(join(folder, 'costs.json'))
