/**
 * Reads random tokens through the cache on the device named by the first argument: one sequence and several, by pieces
 * and one by one, further than the first places of the cache, and after some were forgotten. Prints what came of it as
 * one line of JSON. A program of its own, because a device's driver may end the process.
 */
import { join } from 'node:path'
import { seededRandom } from '../../base/random.ts'
import { deviceSchema } from '../../runtime/devices/device.ts'
import { createSession, type Session } from '../../runtime/session.ts'
import { openBaseModel, type BaseModel } from '../base-model.ts'
import { createBatchTrunk } from '../batch-trunk.ts'
import { cachedTrunk } from '../cached-trunk.ts'
import { createTrunkSession } from '../trunk-session.ts'

const device = deviceSchema.parse(process.argv[2])
/** The cache has to make room for them, more than once. */
const manyTokens = 256
const drawer = (model: BaseModel, seed: number) => {
  const random = seededRandom(seed)
  return (count: number) =>
    Int32Array.from({ length: count }, () => random.below(model.architecture.vocabularySize))
}

/** What one sequence gives: states after each pass, and the base model's choices. */
async function readOne(model: BaseModel) {
  const draw = drawer(model, 3)
  const d = model.architecture.hiddenSize
  const trunk = await createTrunkSession(model, { device, hasHead: true })
  const cache = trunk.createCache()
  const choices: number[] = []
  const states: number[] = []
  const held: number[] = []
  const next = (count: number) => {
    const tokens = draw(count)
    held.push(...tokens)
    return tokens
  }
  const read = async (count: number) => states.push(...(await trunk.forward(next(count), cache)).slice(-d))
  const forget = async (length: number) => {
    cache.truncate(length)
    held.length = length
    // The CPU's layers with a window have let go of what lies far back.
    if (cache.length < length) await trunk.forward(Int32Array.from(held), cache)
  }
  const stepTo = async (length: number) => {
    while (cache.length < length) {
      const { hidden, baseChoice } = await trunk.forwardLastPosition(next(1), cache, 'choice')
      choices.push(baseChoice!)
      states.push(...hidden)
    }
  }
  await read(40)
  await stepTo(44)
  // Nobody else's tokens are among these.
  const other = trunk.createCache()
  await trunk.forward(draw(9), other)
  other.release()
  await read(manyTokens - 48)
  await stepTo(manyTokens + 8)
  await forget(manyTokens + 2)
  await stepTo(manyTokens + 4)
  await forget(30)
  await read(5)
  await stepTo(38)
  await trunk.release()
  return { choices, states }
}

/** Bytes that passes over one token upload, as the cache grows. */
async function uploads(model: BaseModel) {
  const draw = drawer(model, 5)
  const cached = cachedTrunk(model, 1, device)
  const session = await createSession(
    { hidden: cached.hidden, ...cached.present },
    { device, weightsFolder: model.weights.folder },
  )
  const bytes: number[] = []
  const watched: Session = {
    ...session,
    run: (feeds, results) => {
      const fromMemory = Object.values(feeds).filter(({ location }) => location === 'cpu')
      bytes.push(fromMemory.reduce((sum, { data }) => sum + (data as Float32Array).byteLength, 0))
      return session.run(feeds, results)
    },
  }
  const caches = cached.createCaches()
  for (const count of [10, 2 * manyTokens]) {
    await cached.read(session, [draw(count)], caches, ['hidden'])
    await cached.read(watched, [draw(1)], caches, ['hidden'])
    await cached.read(watched, [draw(1)], caches, ['hidden'])
  }
  await cached.release()
  await session.release()
  return bytes
}

/** What three sequences at different places give. */
async function readBatch(model: BaseModel) {
  const draw = drawer(model, 4)
  const d = model.architecture.hiddenSize
  const lengths = [
    [20, 1, 3],
    [1, 0, 7],
    [0, 30, 1],
    [manyTokens - 30, 2, 1],
    [12, 1, 0],
    [1, 1, 1],
  ]
  const batch = await createBatchTrunk(model, 3, { device })
  const caches = batch.createCaches()
  const states: number[] = []
  for (const [pass, counts] of lengths.entries()) {
    if (pass === 3) caches[1]!.truncate(11)
    for (const own of await batch.forward(counts.map(draw), caches)) states.push(...own.slice(-d))
  }
  await batch.release()
  return states
}

const report: Record<string, unknown> = {}
for (const name of ['gqa-tied', 'mistral', 'gemma3']) {
  const model = await openBaseModel(join(import.meta.dirname, name))
  report[name] = { one: await readOne(model), batch: await readBatch(model), bytes: await uploads(model) }
}
console.log(JSON.stringify(report))
