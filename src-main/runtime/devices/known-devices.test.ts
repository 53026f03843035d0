import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { temporaryFolder } from '../../runs/testing/temporary-folder.ts'
import type { Device } from './device.ts'
import { createKnownDevices } from './known-devices.ts'
import type { ProbeAnswer } from './probe-answer.ts'
import type { ProbeOutput } from './probe-child.ts'

const measured = (maxDifference: number | null, matrixGflops: number): ProbeOutput => ({
  stdout: `a driver's chatter\n${JSON.stringify({
    kind: 'measured',
    measured: { maxDifference, matrixGflops, bandwidthGBps: 20 },
  } satisfies ProbeAnswer)}\n`,
  crash: null,
})

/** Devices of which the processor works and all others are as told. */
async function known(others: ProbeOutput, file?: string) {
  const path = file ?? join(await temporaryFolder(), 'not/yet/there/devices.json')
  const asked: Device[] = []
  const devices = createKnownDevices(path, (device) => {
    asked.push(device)
    return Promise.resolve(device === 'cpu' ? measured(0, 100) : others)
  })
  return { devices, asked, path }
}

describe('the devices of a machine', () => {
  it('are tried once, also by the next process', async () => {
    const first = await known(measured(1e-6, 500))
    const survey = await first.devices.survey()
    expect(first.asked).toContain('cpu')
    const count = first.asked.length
    expect(await first.devices.survey()).toEqual(survey)
    expect(first.asked).toHaveLength(count)

    const second = await known(measured(1e-6, 500), first.path)
    expect(await second.devices.survey()).toEqual(survey)
    expect(second.asked).toEqual([])
    await second.devices.survey({ fresh: true })
    expect(second.asked).toEqual(first.asked)
  })

  it('are tried again after a change of the system, or where the file is damaged', async () => {
    const { devices, path } = await known(measured(0, 1))
    await devices.survey()
    const stored = JSON.parse(await readFile(path, 'utf8')) as { key: string }
    await writeFile(path, JSON.stringify({ ...stored, key: `${stored.key} after an update` }))
    const updated = await known(measured(0, 1), path)
    await updated.devices.survey()
    expect(updated.asked).toContain('cpu')

    await writeFile(path, '{"key": "half a fi')
    const damaged = await known(measured(0, 1), path)
    await damaged.devices.survey()
    expect(damaged.asked).toContain('cpu')
  })

  it('are all told of, each that can not be used with a reason and a remedy', async () => {
    const { devices } = await known({ stdout: '', crash: 'killed by SIGSEGV' })
    const { reports, automatic } = await devices.survey()
    expect(reports.map(({ device }) => device)).toEqual(['cpu', 'cuda', 'dml', 'coreml', 'webgpu'])
    expect(reports[0]).toMatchObject({ works: true, rightNumbers: true, problem: null })
    for (const { works, measured: found, problem } of reports.slice(1)) {
      expect(works).toBe(false)
      expect(found).toBeNull()
      expect(problem?.reason).toMatch(/^[A-Zo].+\.$/)
      expect(problem?.remedy).toMatch(/\.$/)
    }
    expect(automatic.device).toBe('cpu')
  })
})

describe.runIf(process.platform === 'linux' && process.arch === 'x64')('on Linux', () => {
  it('CUDA names the libraries that are missing and how to install them', async () => {
    const { devices, asked } = await known(measured(0, 1))
    const cuda = (await devices.survey()).reports.find(({ device }) => device === 'cuda')!
    if (asked.includes('cuda')) return
    expect(cuda.problem!.reason).toContain('libonnxruntime_providers_cuda.so')
    expect(cuda.problem!.remedy).toContain(
      'onnxruntime-node/script/install --onnxruntime-node-install=cuda12',
    )
    await expect(devices.resolve('cuda')).rejects.toMatchObject({ code: 'device-unavailable' })
  })

  it('a device whose driver ends the process is not available, and says so', async () => {
    const { devices } = await known({ stdout: '', crash: 'killed by SIGSEGV' })
    await expect(devices.resolve('webgpu')).rejects.toMatchObject({
      code: 'device-unavailable',
      message: 'A small computation ended its process: killed by SIGSEGV.',
    })
    expect(await devices.resolve('auto')).toMatchObject({ device: 'cpu' })
  })

  it.each([
    ['wrong numbers', measured(0.04, 9_000), /differ from the CPU’s by up to 4/],
    ['no numbers', measured(null, 9_000), /some of them are NaN/],
  ])('a device that computes %s is refused', async (_, output, reason) => {
    const { devices } = await known(output)
    await expect(devices.resolve('webgpu')).rejects.toMatchObject({
      code: 'device-unavailable',
      message: expect.stringMatching(reason) as string,
    })
    expect((await devices.resolve('auto')).device).toBe('cpu')
  })

  it('auto is the fastest that computes right, with the reason; the processor needs no check', async () => {
    const { devices, asked } = await known(measured(1e-6, 500))
    expect(await devices.resolve('cpu')).toEqual({ device: 'cpu', reason: null })
    expect(asked).toEqual([])
    expect(await devices.resolve('auto')).toEqual({
      device: 'webgpu',
      reason: 'webgpu (500 GFLOP/s) is faster than cpu (100 GFLOP/s).',
    })
    expect(await devices.resolve('webgpu')).toEqual({ device: 'webgpu', reason: null })
  })
})
