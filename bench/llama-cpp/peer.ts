import { existsSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Peer } from '../../src-main/evaluate/benchmark/token-parts.ts'
import type { BaseModel } from '../../src-main/models/base-model.ts'
import type { Precision } from '../../src-main/models/precision.ts'
import { writeRandomGguf } from './gguf.ts'

/** What is used of node-llama-cpp 3, which is no dependency of ours. */
interface NodeLlamaCpp {
  getLlama(options: { gpu: false; build: 'never'; maxThreads: number }): Promise<{
    loadModel(options: { modelPath: string }): Promise<{
      createContext(options: { contextSize: number; threads: number }): Promise<{
        getSequence(): Sequence
      }>
    }>
    dispose(): Promise<void>
  }>
}

interface Sequence {
  readonly nextTokenIndex: number
  evaluate(tokens: number[], options: { temperature: 0 }): AsyncGenerator<number, void>
  evaluateWithoutGeneratingNewTokens(tokens: number[]): Promise<void>
  eraseContextTokenRanges(ranges: { start: number; end: number }[]): Promise<void>
}

const classes: Readonly<Record<Precision, string>> = { stored: 'F32', int8: 'Q8_0', int4: 'Q4_0' }

/** The first of some folders in which `npm install node-llama-cpp` was run. */
export function findLlamaCpp(folders: readonly string[]): string | undefined {
  return folders.find((folder) => existsSync(join(folder, 'node_modules/node-llama-cpp')))
}

/**
 * llama.cpp with random weights of the same shape in the same precision class. Null where it isn't installed, or the
 * shape is none of Llama's.
 *
 * @param installation a folder with node-llama-cpp in its node_modules
 */
export async function openLlamaCpp(
  installation: string,
  { architecture }: BaseModel,
  precision: Precision,
  {
    folder,
    contextLength,
    threads = availableParallelism(),
  }: { readonly folder: string; readonly contextLength: number; readonly threads: number | undefined },
): Promise<(Peer & { close(): Promise<void> }) | null> {
  if (architecture.family !== 'llama') return null
  const entry = join(resolve(installation), 'node_modules/node-llama-cpp/dist/index.js')
  const nodeLlamaCpp = (await import(pathToFileURL(entry).href)) as NodeLlamaCpp
  const modelPath = join(folder, `${classes[precision]}.gguf`)
  if (!existsSync(modelPath)) await writeRandomGguf(modelPath, architecture, precision)
  const llama = await nodeLlamaCpp.getLlama({ gpu: false, build: 'never', maxThreads: threads })
  const model = await llama.loadModel({ modelPath })
  // Room for the token that is decoded beside what the cache holds.
  const context = await model.createContext({ contextSize: contextLength + 8, threads })
  const sequence = context.getSequence()
  const token = 1_000
  return {
    name: `llama.cpp ${classes[precision]}`,
    prepare: async (length) => {
      const missing = length - sequence.nextTokenIndex
      if (missing > 0)
        await sequence.evaluateWithoutGeneratingNewTokens(
          Array.from({ length: missing }, (_, i) => token + (i % 1_000)),
        )
    },
    step: async () => {
      const before = sequence.nextTokenIndex
      const tokens = sequence.evaluate([token], { temperature: 0 })
      await tokens.next()
      await tokens.return()
      await sequence.eraseContextTokenRanges([{ start: before, end: sequence.nextTokenIndex }])
    },
    close: () => llama.dispose(),
  }
}
