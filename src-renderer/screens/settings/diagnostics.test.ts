import { describe, expect, it } from 'vitest'
import type { AppInfo, Settings } from '../../../src-main/contract/index.ts'
import { describeDiagnostics } from './diagnostics.ts'

const info: AppInfo = {
  version: '0.1.0',
  engine: {
    onnxruntime: '1.30.0',
    node: '20.19.0',
    platform: 'linux',
    arch: 'x64',
    cpu: 'A processor',
    cores: 2,
    memoryBytes: 16e9,
  },
  dataFolder: '/data',
  runsFolder: '/data/runs',
  crash: null,
}
const settings: Settings = { theme: 'dark', runsFolder: null, device: 'webgpu', models: ['/a', '/b'] }

describe('the diagnostics', () => {
  it('name the versions, the machine and the places, one a line', () => {
    const lines = describeDiagnostics(info, settings, 'Browser 1').split('\n')
    expect(lines).toContain('onnxruntime: 1.30.0')
    expect(lines).toContain('CPU: A processor, 2 cores')
    expect(lines).toContain('Memory: 16 GB')
    expect(lines).toContain('Device: webgpu')
    expect(lines).toContain('Models in the library: 2')
    expect(lines).toContain('Browser: Browser 1')
  })

  it('tell of a crash only if there was one', () => {
    expect(describeDiagnostics(info, settings, '')).not.toContain('crash')
    const crash = { at: '2025-01-01T00:00:00.000Z', reason: 'It was killed.' }
    expect(describeDiagnostics({ ...info, crash }, settings, '')).toContain(
      'Last crash: 2025-01-01T00:00:00.000Z: It was killed.',
    )
  })
})
