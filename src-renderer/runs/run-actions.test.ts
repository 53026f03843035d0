import { describe, expect, it } from 'vitest'
import { runStatusSchema } from '../../src-main/contract/index.ts'
import { actionsOf, isActive } from './run-actions.ts'

const statuses = runStatusSchema.options

describe('what can be done with a run', () => {
  it('includes deleting it, whatever its state', () => {
    for (const status of statuses) expect(actionsOf(status)).toContain('delete')
  })

  it('includes pausing or continuing it, never both', () => {
    const continued = statuses.filter((status) => actionsOf(status).includes('continue'))
    expect(continued).toEqual(['paused', 'interrupted', 'failed'])
    for (const status of continued) expect(actionsOf(status)).not.toContain('pause')
  })

  it('includes pausing it only while the engine works on it or will', () => {
    for (const status of statuses)
      if (actionsOf(status).includes('pause')) expect(isActive(status)).toBe(true)
  })

  it('includes testing it when it has a SpeLLM', () => {
    expect(statuses.filter((status) => actionsOf(status).includes('test'))).toEqual(['finished'])
  })
})
