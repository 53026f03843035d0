import { execFile } from 'node:child_process'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'

const session = join(import.meta.dirname, 'testing/run-once.ts')

it('onnxruntime leaves no trace of its telemetry', async () => {
  const scratch = await mkdtemp(join(tmpdir(), 'spellm-telemetry-'))
  const { ORT_DISABLE_TELEMETRY: _, ...environment } = process.env
  try {
    const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', session], {
      env: { ...environment, TMPDIR: scratch },
    })
    expect(stdout.trim()).toBe('5')
    const left = (await readdir(scratch)).filter((name) => /\.ses$|^mat-debug/.test(name))
    expect(left).toEqual([])
  } finally {
    await rm(scratch, { recursive: true, force: true })
  }
})
