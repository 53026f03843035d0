import { mkdir } from 'node:fs/promises'
import { arch, cpus, platform } from 'node:os'
import { dirname } from 'node:path'
import { z } from 'zod'
import { writeJsonAtomically } from '../formats/atomic-file.ts'
import { readJsonFile } from '../formats/json-file.ts'
import { measuredCostsSchema, type MeasuredCosts } from './measure-costs.ts'

/** What passes cost, measured once for each model, device, precision and context. */
export interface KnownCosts {
  /** @param key what the costs depend on beside the machine */
  of(key: string, measure: () => Promise<MeasuredCosts>): Promise<MeasuredCosts>
}

const fileSchema = z.object({ machine: z.string(), costs: z.record(z.string(), measuredCostsSchema) })
const maxBytes = 1 << 20
/** The oldest give way. */
const mostKept = 200

/** @param file where they are kept for other processes; it can be lost at any time. null: nowhere */
export function createKnownCosts(file: string | null): KnownCosts {
  const known = new Map<string, Promise<MeasuredCosts>>()
  const machine = `${platform()} ${arch()} ${cpus()[0]?.model ?? ''} ${cpus().length}`
  const readKept = async (): Promise<Record<string, MeasuredCosts>> => {
    if (file === null) return {}
    const kept = await readJsonFile(file, fileSchema, { maxBytes }).catch(() => null)
    return kept?.machine === machine ? kept.costs : {}
  }
  const measured = async (key: string, measure: () => Promise<MeasuredCosts>) => {
    const kept = (await readKept())[key]
    if (kept) return kept
    const costs = await measure()
    if (file !== null) {
      const all = Object.entries({ ...(await readKept()), [key]: costs }).slice(-mostKept)
      // Without the file, they are measured anew by the next process.
      await mkdir(dirname(file), { recursive: true })
        .then(() => writeJsonAtomically(file, { machine, costs: Object.fromEntries(all) }))
        .catch(() => undefined)
    }
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
