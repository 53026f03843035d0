import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'vitest'
import type { Device } from '../devices/device.ts'

/** Chromium's software Vulkan device: slow, but a real one. */
const softwareVulkan = '/usr/lib/chromium/vk_swiftshader_icd.json'

/** Why there is no WebGPU to test with; null: there is. */
export const noVulkan = existsSync(softwareVulkan)
  ? null
  : `no software Vulkan device: ${softwareVulkan} is missing`
if (noVulkan) console.log(`skipped: WebGPU tests (${noVulkan})`)

/** Runs a program on a device, on WebGPU with the software Vulkan device, and returns its last line of JSON. */
export function runOn(device: Device, program: string): unknown {
  const runtimeFolder = mkdtempSync(join(tmpdir(), 'spellm-vulkan-'))
  try {
    const { status, signal, stdout, stderr } = spawnSync(
      process.execPath,
      ['--import', 'tsx', program, device],
      {
        encoding: 'utf8',
        env: { ...process.env, VK_ICD_FILENAMES: softwareVulkan, XDG_RUNTIME_DIR: runtimeFolder },
        timeout: 300_000,
      },
    )
    expect({ status, signal }, stderr).toEqual({ status: 0, signal: null })
    return JSON.parse(stdout.trim().split('\n').at(-1)!)
  } finally {
    rmSync(runtimeFolder, { recursive: true })
  }
}
