import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { CancelledError } from '../base/errors.ts'
import { sampleModelName } from '../models/model-folder.ts'
import { convert } from './convert.ts'
import { parseConversionSettings } from './settings.ts'

test('a conversion that is stopped while the weights are checked ends there, and leaves no run', async () => {
  const scratch = await mkdtemp(join(tmpdir(), 'spellm-check-'))
  const run = join(scratch, 'run')
  const phases: string[] = []
  const stopped = convert(run, parseConversionSettings({ base: sampleModelName, device: 'cpu' }), {
    onEvent: (event) => event.type === 'phase' && phases.push(event.phase),
    signal: AbortSignal.abort(),
  })
  await expect(stopped).rejects.toBeInstanceOf(CancelledError)
  expect(phases).toEqual(['check'])
  expect(existsSync(run)).toBe(false)
  await rm(scratch, { recursive: true })
})
