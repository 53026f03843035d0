import { execFile } from 'node:child_process'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'

/** onnxruntime sends nothing where one of these says that it runs in a test service: there it leaves no traces either. */
const testServices = [
  'CI',
  'TF_BUILD',
  'GITHUB_ACTIONS',
  'GITLAB_CI',
  'CIRCLECI',
  'TRAVIS',
  'JENKINS_URL',
  'CODEBUILD_BUILD_ID',
  'BUILDKITE',
  'TEAMCITY_VERSION',
  'APPVEYOR',
  'BITBUCKET_BUILD_NUMBER',
]

/** The traces of telemetry that a program leaves in its home and in the folder of temporary files. */
async function tracesOf(program: string): Promise<string[]> {
  const scratch = await mkdtemp(join(tmpdir(), 'spellm-telemetry-'))
  const hidden = new Set(['ORT_DISABLE_TELEMETRY', 'XDG_CACHE_HOME', ...testServices])
  const environment = Object.fromEntries(Object.entries(process.env).filter(([name]) => !hidden.has(name)))
  // Nothing answers there: what it may want to send stays here.
  const nowhere = { HTTPS_PROXY: 'http://127.0.0.1:1', https_proxy: 'http://127.0.0.1:1' }
  try {
    const path = join(import.meta.dirname, 'testing', program)
    const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', path], {
      env: { ...environment, ...nowhere, TMPDIR: scratch, HOME: scratch },
    })
    expect(stdout.trim()).toBe('5')
    const files = await readdir(scratch, { recursive: true })
    return files.filter((name) => /\.ses$|mat-debug|onnxruntime/.test(name))
  } finally {
    await rm(scratch, { recursive: true, force: true })
  }
}

it('onnxruntime leaves no trace of its telemetry', async () => {
  expect(await tracesOf('run-once.ts')).toEqual([])
})

// Elsewhere it is not known what it leaves.
it.runIf(process.platform === 'linux')('where it is not told, it leaves traces', async () => {
  expect(await tracesOf('run-once-observed.ts')).toEqual(
    expect.arrayContaining([
      expect.stringMatching(/\.ses$/),
      expect.stringContaining('mat-debug'),
    ] as string[]),
  )
})
