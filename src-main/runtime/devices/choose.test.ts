import { describe, expect, it } from 'vitest'
import { chooseDevice } from './choose.ts'
import type { Device } from './device.ts'
import type { DeviceReport } from './report.ts'

const report = (device: Device, matrixGflops: number, rightNumbers = true): DeviceReport => ({
  device,
  name: null,
  works: true,
  rightNumbers,
  measured: { maxDifference: 0, matrixGflops, bandwidthGBps: 1 },
  memory: null,
  problem: null,
})
const broken = (device: Device): DeviceReport => ({
  ...report(device, 0, false),
  works: false,
  measured: null,
  problem: { reason: 'No card.', remedy: 'Buy one.' },
})

describe('the automatic choice', () => {
  it('is the fastest device, and says what it is faster than', () => {
    expect(chooseDevice([report('cpu', 230), report('webgpu', 4_200), broken('cuda')])).toEqual({
      device: 'webgpu',
      reason: 'webgpu (4,200 GFLOP/s) is faster than cpu (230 GFLOP/s).',
    })
    expect(chooseDevice([report('cpu', 230), report('webgpu', 0.8)]).reason).toBe(
      'cpu (230 GFLOP/s) is faster than webgpu (0.8 GFLOP/s).',
    )
  })

  it('is never one that computes wrong numbers, however fast', () => {
    expect(chooseDevice([report('cpu', 230), report('coreml', 9_000, false)])).toEqual({
      device: 'cpu',
      reason: 'cpu (230 GFLOP/s) is the only device that works here; coreml failed the accuracy check.',
    })
  })

  it('is the processor where nothing passed', () => {
    expect(chooseDevice([broken('cpu'), broken('webgpu')]).device).toBe('cpu')
  })
})
