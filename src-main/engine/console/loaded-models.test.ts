import { appendFile, cp, mkdtemp, rm, utimes } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { costsInMemory } from '../../decode/known-costs.ts'
import { writeShortModel } from '../testing/short-model.ts'
import { createLoadedModels, type ModelPlace } from './loaded-models.ts'

let scratch = ''
const places: ModelPlace[] = []
let models = createLoadedModels(costsInMemory)

beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'spellm-loaded-'))
  await writeShortModel(join(scratch, '0'), { num_hidden_layers: 1 })
  for (const name of ['1', '2', '3']) await cp(join(scratch, '0'), join(scratch, name), { recursive: true })
  for (const name of ['0', '1', '2', '3']) {
    const path = join(scratch, name)
    places.push({ path, files: [join(path, 'config.json')], device: 'cpu' })
  }
})
afterEach(async () => {
  await models.releaseIdle()
  models = createLoadedModels(costsInMemory)
})
afterAll(() => rm(scratch, { recursive: true, force: true }))

describe('loaded models', () => {
  it('are taken as they were left, each purpose with what it has read', async () => {
    const first = await models.use(places[0]!, 'base')
    first.done()
    const other = await models.use(places[0]!, 'inspect')
    const again = await models.use(places[0]!, 'base')
    expect(again.generator).toBe(first.generator)
    expect(again.kvContext).toBe(first.kvContext)
    expect(other.generator).toBe(first.generator)
    expect(other.kvContext).not.toBe(first.kvContext)
    other.done()
    again.done()
  })

  it('give each of those who use them at once a conversation of their own', async () => {
    const [first, second] = await Promise.all([
      models.use(places[0]!, 'base'),
      models.use(places[0]!, 'base'),
    ])
    expect(second.generator).toBe(first.generator)
    expect(second.kvContext).not.toBe(first.kvContext)
    first.done()
    second.done()
  })

  it('are reloaded when their files have changed', async () => {
    const first = await models.use(places[0]!, 'base')
    first.done()
    await appendFile(join(places[0]!.path, 'config.json'), '\n')
    await utimes(join(places[0]!.path, 'config.json'), 1, 1)
    const second = await models.use(places[0]!, 'base')
    expect(second.generator).not.toBe(first.generator)
    second.done()
  })

  it('are released when others were used later, but not while they are used', async () => {
    const kept = await models.use(places[0]!, 'base')
    const generators = []
    for (const place of places.slice(1)) {
      const used = await models.use(place, 'base')
      generators.push(used.generator)
      used.done()
    }
    const again = await models.use(places[0]!, 'base')
    expect(again.generator).toBe(kept.generator)
    kept.done()
    again.done()
    const oldest = await models.use(places[1]!, 'base')
    expect(oldest.generator).not.toBe(generators[0])
    const latest = await models.use(places[3]!, 'base')
    expect(latest.generator).toBe(generators[2])
    oldest.done()
    latest.done()
  })

  it('that can not be loaded are not kept', async () => {
    const place = { path: join(scratch, 'none'), files: [], device: 'cpu' as const }
    for (let i = 0; i < 2; i++)
      await expect(models.use(place, 'base')).rejects.toMatchObject({ code: 'file-not-found' })
  })
})
