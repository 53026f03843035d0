import { formatBytes, formatCount, formatMoment } from '../format.ts'

export const deviceStrings = {
  names: {
    auto: 'Automatic',
    cpu: 'CPU',
    cuda: 'NVIDIA graphics card (CUDA)',
    dml: 'Graphics card (DirectML)',
    coreml: 'Apple graphics card (Core ML)',
    webgpu: 'Graphics card (WebGPU)',
  },
  shortNames: {
    auto: 'Automatic',
    cpu: 'CPU',
    cuda: 'CUDA',
    dml: 'DirectML',
    coreml: 'Core ML',
    webgpu: 'WebGPU',
  },
  automatic: 'The fastest device that passes the accuracy check.',
  /** `reason` is the engine's sentence. */
  automaticNow: (reason: string) => `The fastest device that passes the accuracy check. Now: ${reason}`,
  checking: 'Checking …',
  checkingAll: 'Checking the devices of this machine …',
  unavailable: (reason: string, remedy: string) => `Not available: ${reason} ${remedy}`,
  hardware: (name: string) => `${name}.`,
  speed: (gflops: number) => `${formatCount(Math.max(1, gflops))} billion operations a second.`,
  memory: (free: number, total: number) => `${formatBytes(free)} of ${formatBytes(total)} free when checked.`,
  checkAgain: 'Check again',
  checked: (iso: string) => `Checked ${formatMoment(iso)}`,
}
