/**
 * Opens damaged GGUF files, 10,000 unless another number is given, and prints what became of them:
 *
 *     npx tsx bench/fuzz-gguf.ts [count] [first seed]
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fuzzGguf } from '../src-main/models/testing/mutated-gguf.ts'

const count = Number(process.argv[2] ?? 10_000)
const first = Number(process.argv[3] ?? 0)
const folder = await mkdtemp(join(tmpdir(), 'spellm-fuzz-'))
try {
  const step = 500
  for (let from = first; from < first + count; from += step) {
    const { read, refused, slowest } = await fuzzGguf(join(folder, 'damaged.gguf'), {
      from,
      count: Math.min(step, first + count - from),
    })
    const peak = process.resourceUsage().maxRSS / 1024
    console.log(
      `${from}: ${read} read, ${JSON.stringify(refused)} refused, slowest ${slowest.toFixed(0)} ms, peak ${peak.toFixed(0)} MB`,
    )
  }
} finally {
  await rm(folder, { recursive: true })
}
