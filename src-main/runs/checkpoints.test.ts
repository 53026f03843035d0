import { chmod, copyFile, mkdir, readdir, readFile, rename, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import {
  checkpointName,
  checkpointSteps,
  loadNewestCheckpoint,
  parseCheckpointName,
  saveCheckpoint,
  type Checkpoint,
} from './checkpoints.ts'
import { asOrdinaryUser, withFullDisk } from './testing/faults.ts'
import { temporaryFolder } from './testing/temporary-folder.ts'

const stateSchema = z.object({ epoch: z.number(), random: z.array(z.number()) })
type State = z.infer<typeof stateSchema>

const checkpoint = (step: number): Checkpoint<State> => ({
  step,
  tensors: {
    'adapter.up': { shape: [8, 16], data: Float32Array.from({ length: 128 }, (_, i) => step + i / 7) },
    'adapter.up.moment1': { shape: [8, 16], data: new Float32Array(128).fill(step / 1000) },
  },
  state: { epoch: step / 10, random: [step, 2 ** 32 - 1] },
})

async function folderWith(...steps: number[]): Promise<string> {
  const folder = await temporaryFolder()
  for (const step of steps) await saveCheckpoint(folder, checkpoint(step))
  return folder
}

test('the name of a checkpoint sorts by step and gives it back', () => {
  expect(checkpointName(123)).toBe('step-00000123.safetensors')
  for (const step of [0, 7, 99_999_999, 100_000_000])
    expect(parseCheckpointName(checkpointName(step))).toBe(step)
  for (const name of ['step-123.safetensors', 'step-00000123.safetensors.tmp', 'step--0000001.safetensors'])
    expect(parseCheckpointName(name)).toBeNull()
})

test('a checkpoint comes back bit for bit, whatever the numbers and shapes', async () => {
  const folder = await temporaryFolder()
  const tensors = {
    odd: { shape: [5], data: Float32Array.of(NaN, -0, Infinity, 1e-45, 0.1) },
    scalar: { shape: [], data: Float32Array.of(3) },
    empty: { shape: [0, 4], data: new Float32Array(0) },
    view: { shape: [2], data: new Float32Array([0, 1, 2, 3]).subarray(1, 3) },
  }
  await saveCheckpoint(folder, { step: 0, tensors, state: { epoch: 0, random: [] } })
  const { checkpoint: loaded, warnings } = await loadNewestCheckpoint(folder, stateSchema)
  expect(warnings).toEqual([])
  expect(loaded).toMatchObject({ step: 0, state: { epoch: 0, random: [] } })
  expect(Object.keys(loaded!.tensors).sort()).toEqual(Object.keys(tensors).sort())
  for (const [name, { shape, data }] of Object.entries(tensors)) {
    expect(loaded!.tensors[name]!.shape).toEqual(shape)
    expect(new Uint32Array(loaded!.tensors[name]!.data.slice().buffer)).toEqual(
      new Uint32Array(data.slice().buffer),
    )
  }
})

test('a folder without checkpoints has none to load', async () => {
  const folder = await temporaryFolder()
  const none = { checkpoint: null, warnings: [] }
  expect(await loadNewestCheckpoint(folder, stateSchema)).toEqual(none)
  expect(await loadNewestCheckpoint(join(folder, 'missing'), stateSchema)).toEqual(none)
})

describe('saveCheckpoint', () => {
  test('keeps the newest two and touches no other file', async () => {
    const folder = await folderWith(5, 10)
    await writeFile(join(folder, 'notes.txt'), '')
    await saveCheckpoint(folder, checkpoint(15))
    expect(await checkpointSteps(folder)).toEqual([15, 10])
    expect(await readdir(folder)).toContain('notes.txt')
    expect((await loadNewestCheckpoint(folder, stateSchema)).checkpoint).toEqual({
      ...checkpoint(15),
      tensors: expect.objectContaining(checkpoint(15).tensors) as unknown,
    })
  })

  test('may write the newest step again', async () => {
    const folder = await folderWith(5, 10, 10)
    expect(await checkpointSteps(folder)).toEqual([10, 5])
  })

  test('refuses a step before the newest checkpoint', async () => {
    const folder = await folderWith(5, 10)
    await expect(saveCheckpoint(folder, checkpoint(7))).rejects.toThrow(RangeError)
    await expect(saveCheckpoint(folder, checkpoint(-1))).rejects.toThrow(RangeError)
    expect(await checkpointSteps(folder)).toEqual([10, 5])
  })

  test.each([0, 100, 1000])(
    'on a disk with room for %i bytes leaves the earlier ones and no rest of the new one',
    async (room) => {
      const folder = await folderWith(5, 10)
      await expect(withFullDisk(room, () => saveCheckpoint(folder, checkpoint(15)))).rejects.toMatchObject({
        code: 'disk-full',
      })
      expect((await readdir(folder)).sort()).toEqual([5, 10].map(checkpointName))
      expect((await loadNewestCheckpoint(folder, stateSchema)).checkpoint?.step).toBe(10)
      await saveCheckpoint(folder, checkpoint(15))
      expect(await checkpointSteps(folder)).toEqual([15, 10])
    },
  )
})

describe('a damaged newest checkpoint', () => {
  const damages: Record<string, (path: string, size: number) => Promise<void>> = {
    'cut to nothing': (path) => truncate(path, 0),
    'cut in the header': (path) => truncate(path, 40),
    'cut in the last tensor': (path, size) => truncate(path, size - 1),
    'longer than it should be': (path, size) => truncate(path, size + 4096),
    'all zeros': (path, size) => writeFile(path, Buffer.alloc(size)),
    'one bit flipped in a tensor': (path, size) => flipBit(path, size - 100),
    'another step under its name': (path) => copyFile(path.replace('20.safe', '10.safe'), path),
    'an HTML page': (path) => writeFile(path, '<!DOCTYPE html><title>Log in</title>'),
  }

  test.each(Object.keys(damages))('is passed over with a warning, and removed: %s', async (name) => {
    const folder = await folderWith(10, 20)
    const path = join(folder, checkpointName(20))
    await damages[name]!(path, (await readFile(path)).length)
    const { checkpoint: loaded, warnings } = await loadNewestCheckpoint(folder, stateSchema)
    expect(loaded?.step).toBe(10)
    expect(loaded?.state).toEqual(checkpoint(10).state)
    expect(warnings).toEqual([expect.stringContaining(path)])
    expect(await checkpointSteps(folder)).toEqual([10])
  })

  test('without an earlier one is an error, and nothing is removed', async () => {
    const folder = await folderWith(10, 20)
    for (const step of [10, 20]) await truncate(join(folder, checkpointName(step)), 50)
    await expect(loadNewestCheckpoint(folder, stateSchema)).rejects.toMatchObject({
      code: 'run-corrupt',
      message: expect.stringContaining(folder) as string,
    })
    expect(await checkpointSteps(folder)).toEqual([20, 10])
  })

  test('is not what a state of another shape means where every checkpoint has it', async () => {
    const folder = await folderWith(10, 20)
    await expect(loadNewestCheckpoint(folder, z.object({ seed: z.number() }))).rejects.toMatchObject({
      code: 'run-corrupt',
      message: expect.stringContaining('seed') as string,
    })
    expect(await checkpointSteps(folder)).toEqual([20, 10])
  })

  test('is not what a missing permission means: nothing is passed over', async () => {
    const folder = await folderWith(10, 20)
    await chmod(join(folder, checkpointName(20)), 0)
    await asOrdinaryUser(() =>
      expect(loadNewestCheckpoint(folder, stateSchema)).rejects.toMatchObject({ code: 'permission-denied' }),
    )
    expect(await checkpointSteps(folder)).toEqual([20, 10])
  })
})

async function flipBit(path: string, offset: number): Promise<void> {
  const bytes = await readFile(path)
  bytes[offset]! ^= 1
  await writeFile(path, bytes)
}

test('a file of another kind in the folder is no checkpoint', async () => {
  const folder = await folderWith(10)
  await mkdir(join(folder, 'step-00000099'))
  await rename(join(folder, checkpointName(10)), join(folder, 'best.safetensors'))
  expect(await checkpointSteps(folder)).toEqual([])
})
