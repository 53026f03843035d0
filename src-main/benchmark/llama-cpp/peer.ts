import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { availableParallelism, tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Peer } from '../token-parts.ts'
import { SpellmError } from '../../base/errors.ts'
import type { Architecture } from '../../models/architecture.ts'
import type { Precision } from '../../models/precision.ts'
import { ggufArchitectures, leastVocabulary, writeRandomGguf, type WriteOptions } from './gguf.ts'

/** What is used of node-llama-cpp 3, which isn't a dependency of ours. */
interface NodeLlamaCpp {
  getLlama(options: { gpu: false; build: 'never'; maxThreads: number; logLevel: 'error' }): Promise<{
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

const classes: Readonly<Record<Precision, string>> = {
  stored: 'F32',
  kept: 'Q4_0',
  int8: 'Q8_0',
  int4: 'Q4_0',
}

/** The first of some folders in which `npm install node-llama-cpp` was run. */
export function findLlamaCpp(folders: readonly string[]): string | undefined {
  return folders.find((folder) => existsSync(packageIn(folder)))
}

const packageIn = (folder: string) => join(resolve(folder), 'node_modules/node-llama-cpp')

/**
 * llama.cpp with random weights of the same shape in the same precision class.
 *
 * @param installation a folder with node-llama-cpp in its node_modules
 * @param options.folder where the weights are kept for the next time; without it they are removed at the end
 * @throws SpellmError 'setting-invalid' where it isn't installed; 'model-unsupported' for a shape that it isn't given;
 *   'disk-full'; CancelledError when the signal fires while weights are written
 */
export async function openLlamaCpp(
  installation: string,
  architecture: Architecture,
  precision: Precision,
  {
    folder,
    contextLength,
    threads = availableParallelism(),
    ...writing
  }: {
    readonly folder?: string
    readonly contextLength: number
    readonly threads?: number | undefined
  } & WriteOptions,
): Promise<Peer & { close(): Promise<void> }> {
  if (!existsSync(packageIn(installation)))
    throw new SpellmError(
      'setting-invalid',
      `${installation} holds no llama.cpp: it has no node_modules/node-llama-cpp.`,
      "Run 'npm install node-llama-cpp' there, or leave llama.cpp out.",
    )
  if (!(architecture.family in ggufArchitectures) || architecture.vocabularySize < leastVocabulary)
    throw new SpellmError(
      'model-unsupported',
      `llama.cpp can't be compared with a model of the family ${architecture.family} with ${architecture.vocabularySize} tokens, only with ${Object.keys(ggufArchitectures).join(' and ')} with ${leastVocabulary} or more.`,
      'Leave llama.cpp out.',
    )
  const entry = join(packageIn(installation), 'dist/index.js')
  const nodeLlamaCpp = (await import(pathToFileURL(entry).href)) as NodeLlamaCpp
  const ownFolder = folder ?? (await mkdtemp(join(tmpdir(), 'spellm-llama-cpp-')))
  const removeOwn = async () => {
    if (folder === undefined) await rm(ownFolder, { recursive: true, force: true })
  }
  try {
    const modelPath = join(ownFolder, `${classes[precision]}.gguf`)
    if (!existsSync(modelPath)) await writeRandomGguf(modelPath, architecture, precision, writing)
    const llama = await nodeLlamaCpp.getLlama({
      gpu: false,
      build: 'never',
      maxThreads: threads,
      // It warns of the vocabulary, which means nothing.
      logLevel: 'error',
    })
    const model = await llama.loadModel({ modelPath })
    // Room for the token that is decoded in addition to what the cache holds.
    const context = await model.createContext({ contextSize: contextLength + 8, threads })
    const sequence = context.getSequence()
    const token = 1_000 % architecture.vocabularySize
    return {
      name: `llama.cpp ${classes[precision]}`,
      prepare: async (length) => {
        const missing = length - sequence.nextTokenIndex
        if (missing > 0)
          await sequence.evaluateWithoutGeneratingNewTokens(new Array<number>(missing).fill(token))
      },
      step: async () => {
        const before = sequence.nextTokenIndex
        const tokens = sequence.evaluate([token], { temperature: 0 })
        await tokens.next()
        await tokens.return()
        await sequence.eraseContextTokenRanges([{ start: before, end: sequence.nextTokenIndex }])
      },
      close: async () => {
        await llama.dispose()
        await removeOwn()
      },
    }
  } catch (error) {
    await removeOwn()
    throw error
  }
}
