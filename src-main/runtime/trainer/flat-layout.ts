import { staticElementCount } from '../../graph/index.ts'
import { scheduleName } from './schedules.ts'
import type { Parameter } from './trainer.ts'

/** The position of a parameter among all of them. */
export interface FlatEntry {
  readonly name: string
  readonly shape: readonly number[]
  readonly start: number
  readonly size: number
  readonly group: string
  readonly decays: boolean
}

/** Parameters one after another, those that share a schedule side by side. */
export function flatLayout(parameters: ReadonlyMap<string, Parameter>): FlatEntry[] {
  const sorted = [...parameters].sort(([, a], [, b]) => {
    const [left, right] = [scheduleName(a), scheduleName(b)]
    return left < right ? -1 : left > right ? 1 : 0
  })
  let start = 0
  return sorted.map(([name, { value, group, decays }]) => {
    const entry = {
      name,
      shape: value.shape.map(Number),
      start,
      size: staticElementCount(value.shape),
      group,
      decays,
    }
    start += entry.size
    return entry
  })
}
